//! How the library is linked: the VM provides the `enif_*` functions when it loads it,
//! which macOS has to be told, and its code stays mapped for good, since a thread may
//! stand in it when its module is purged. (macOS never unmaps what has thread-locals.)

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") => println!("cargo:rustc-cdylib-link-arg=-Wl,-undefined,dynamic_lookup"),
        Ok("windows") | Err(_) => {}
        Ok(_) => println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete"),
    }
}

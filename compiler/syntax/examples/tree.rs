//! Prints the tree of a file: `cargo run -p elixirscope-syntax --example tree FILE`.

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        print!("{:#?}", syntax::parse(&std::fs::read(path)?).root());
    }
    Ok(())
}

//! Places where recordings come to harm: disks that are soon full, folders that turn
//! read-only, groups with little memory. Where the system does not allow one, there is
//! none. All are taken back when they are dropped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small disk.
pub struct Full(PathBuf);

impl Full {
    pub fn mount(path: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(path).ok()?;
        let size = format!("size={megabytes}m");
        works(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path)).then(|| Self(path.into()))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        works(Command::new("umount").arg("-l").arg(&self.0));
    }
}

/// A folder in which nothing can be made, renamed or removed.
pub struct ReadOnly(PathBuf);

impl ReadOnly {
    /// By a mount: for root, modes are no obstacle. For others, modes are all there is.
    pub fn make(path: &Path) -> Option<Self> {
        if !Self::mount(path) {
            works(Command::new("chmod").arg("a-w").arg(path));
        }
        let this = Self(path.into());
        std::fs::write(path.join("probe"), "").is_err().then_some(this)
    }

    // Made read-only before it is put there: later, somebody may just be writing.
    fn mount(path: &Path) -> bool {
        let aside = path.with_extension("aside");
        let bind = |from: &Path, to: &Path| works(Command::new("mount").arg("--bind").arg(from).arg(to));
        if std::fs::create_dir_all(&aside).is_err() || !bind(path, &aside) {
            return false;
        }
        let shut = works(Command::new("mount").args(["-o", "remount,bind,ro"]).arg(&aside)) && bind(&aside, path);
        works(Command::new("umount").arg("-l").arg(&aside));
        let _ = std::fs::remove_dir(&aside);
        shut
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        if !works(Command::new("umount").arg("-l").arg(&self.0)) {
            works(Command::new("chmod").arg("u+w").arg(&self.0));
        }
    }
}

/// A group of processes that the kernel ends when they take more memory than this.
pub struct MemoryGroup(PathBuf);

impl MemoryGroup {
    pub fn of(bytes: u64) -> Option<Self> {
        // Version 1 of the kernel's groups, and version 2.
        [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")].iter().find_map(
            |(root, limit)| {
                let group = Self(Path::new(root).join(format!("escope-{}", std::process::id())));
                std::fs::create_dir(&group.0).ok()?;
                std::fs::write(group.0.join(limit), bytes.to_string()).ok()?;
                Some(group)
            },
        )
    }

    /// A shell's command that puts it into the group.
    pub fn enter(&self) -> String {
        format!("echo $$ > {}/cgroup.procs", self.0.display())
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // Empty once all its processes are gone.
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Takes back what is mounted at or in `path`.
pub fn release(path: &Path) {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let below =
        mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|place| Path::new(place).starts_with(path));
    below.for_each(|place| {
        works(Command::new("umount").arg("-l").arg(place));
    });
}

fn works(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

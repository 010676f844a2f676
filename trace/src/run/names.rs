//! The side tables of a run: atoms and processes by the VM's numbers.

use rustc_hash::FxHashMap;
use wire::segment::PidLayout;
use wire::{Kind, Record, Term};

/// Texts of atoms and names of processes.
#[derive(Clone, Debug, Default)]
pub struct Names {
    atoms: FxHashMap<u64, Box<str>>,
    processes: FxHashMap<u64, (u64, Box<str>)>,
    pid_layout: PidLayout,
}

impl Names {
    pub(super) fn new(pid_layout: PidLayout) -> Self {
        Self { pid_layout, ..Self::default() }
    }

    /// Takes a name in; of several names of a process the latest counts.
    pub(super) fn record(&mut self, record: &Record<'_>) {
        let text = || String::from_utf8_lossy(record.payload).into_owned().into_boxed_str();
        match record.kind {
            Kind::NameAtom => {
                self.atoms.insert(record.node.raw(), text());
            }
            Kind::NameProcess => {
                let entry = self.processes.entry(record.pid).or_default();
                if record.ticks >= entry.0 {
                    *entry = (record.ticks, text());
                }
            }
            _ => {}
        }
    }

    /// Number of atoms with a name.
    pub fn atom_count(&self) -> usize {
        self.atoms.len()
    }

    /// The texts of all atoms, by index.
    pub fn atoms(&self) -> Vec<(u64, &str)> {
        let mut atoms: Vec<_> = self.atoms.iter().map(|(index, text)| (*index, text.as_ref())).collect();
        atoms.sort_unstable();
        atoms
    }

    /// An atom's text.
    pub fn atom(&self, index: u64) -> Option<&str> {
        self.atoms.get(&index).map(AsRef::as_ref)
    }

    /// A process's registered name or label.
    pub fn process(&self, pid: u64) -> Option<&str> {
        self.processes.get(&pid).map(|(_, name)| name.as_ref()).filter(|name| !name.is_empty())
    }

    /// A process's number and serial, if the VM's terms are known to have them.
    pub fn number(&self, pid: u64) -> Option<(u64, u64)> {
        self.pid_layout.parts(pid)
    }

    /// A process as Elixir prints it: `#PID<0.142.0>`.
    pub fn pid(&self, pid: u64) -> String {
        match self.pid_layout.parts(pid) {
            Some((number, serial)) => format!("#PID<0.{number}.{serial}>"),
            None => format!("#PID<raw {pid:#x}>"),
        }
    }
}

/// Whether some term of a payload is an atom, or holds one.
pub(super) fn mentions_atom(mut payload: &[u8]) -> bool {
    while let Ok(term) = Term::read(&mut payload) {
        if holds_atom(&term) {
            return true;
        }
    }
    false
}

fn holds_atom(term: &Term) -> bool {
    match term {
        Term::Atom(_) => true,
        Term::Tuple { items, .. } | Term::List { items, .. } => items.iter().any(holds_atom),
        Term::Map { pairs, .. } => pairs.iter().any(|(key, value)| holds_atom(key) || holds_atom(value)),
        _ => false,
    }
}

impl crate::AtomNames for Names {
    fn atom(&self, index: u64) -> Option<&str> {
        self.atom(index)
    }

    fn pid(&self, term: u64) -> String {
        self.pid(term)
    }
}

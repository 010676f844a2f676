//! Stable identities of syntax nodes.

use std::fmt;
use std::hash::{Hash, Hasher};

/// Bumped when the derivation of ids changes; part of every hash.
pub const ID_VERSION: u8 = 2;

/// Stands beside an id, in the call of a probe whose values are secrets.
pub const SECRET: u64 = 1 << 59;

const MASK: u64 = SECRET - 1;

/// A 59-bit hash of a node's path: non-negative, and so a BEAM small integer,
/// which an instrumented program can carry as a literal without boxing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u64);

impl NodeId {
    /// The id with these bits, or `None` if they do not fit in 59.
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw & !MASK == 0 { Some(Self(raw)) } else { None }
    }

    /// The id as an integer between 0 and 2⁵⁹ − 1.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The id of a second probe of the same node, which `role` names.
    #[must_use]
    pub fn derived(self, role: &str) -> Self {
        NodePath::of(self).step(role, "", "").id()
    }

    /// The next id in the probing sequence that resolves a collision.
    pub const fn rehash(self) -> Self {
        // Odd multiplier (2⁶⁴ / golden ratio): a permutation of the low bits.
        Self(self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1) & MASK)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:015x}", self.0)
    }
}

/// A path from a module down to a node, as the hash of its steps so far.
///
/// Each step is `(role, kind, key, ordinal among equal ones)`. No step holds a
/// position, and none holds the content below it; so layout, comments and
/// edits elsewhere never reach the hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NodePath([u8; 32]);

impl NodePath {
    /// The path of the function `module.name/arity` (all empty outside modules).
    pub fn function(module: &str, name: &str, arity: u32) -> Self {
        hashed(&[ID_VERSION], &[module, name], &arity.to_le_bytes())
    }

    /// A path that begins at a node of which only the id is known.
    fn of(id: NodeId) -> Self {
        hashed(&[ID_VERSION], &[], &id.raw().to_le_bytes())
    }

    /// The path one step further down, the first of its role, kind and key: the
    /// hash chains from step to step.
    #[must_use]
    pub fn step(&self, role: &str, kind: &str, key: &str) -> Self {
        hashed(&self.0, &[role, kind, key], &[])
    }

    /// The path of the sibling that `ordinal` others with an equal step precede.
    #[must_use]
    pub fn ordinal(&self, ordinal: u32) -> Self {
        if ordinal == 0 { *self } else { hashed(&self.0, &[], &ordinal.to_le_bytes()) }
    }

    /// The id of the node at this path.
    pub fn id(&self) -> NodeId {
        NodeId(self.word() & MASK)
    }

    fn word(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(first)
    }
}

// One word of a cryptographic hash is as good a table hash as all of it.
impl Hash for NodePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.word());
    }
}

// Lengths go before texts, so that ("ab", "c") and ("a", "bc") hash apart; a step and
// an ordinal do too, since an ordinal has fewer bytes than the lengths of a step.
fn hashed(before: &[u8], texts: &[&str], after: &[u8]) -> NodePath {
    let size = before.len() + texts.iter().map(|text| 4 + text.len()).sum::<usize>() + after.len();
    // Gathered first: hashing at one go is faster than piece by piece.
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(before);
    for text in texts {
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(after);
    NodePath(*blake3::hash(&bytes).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_a_small_integer_and_depend_on_every_step() {
        let function = NodePath::function("Shop.Cart", "add", 2);
        let clause = function.step("clause", "def", "add(a,b)");
        let ids = [
            function.id(),
            clause.id(),
            clause.step("exit", "call", "put").id(),
            clause.step("exit", "call", "put").ordinal(1).id(),
            NodePath::function("Shop.Car", "tadd", 2).id(),
        ];
        for (n, id) in ids.iter().enumerate() {
            assert!(id.raw() < 1 << 59);
            assert!(ids[n + 1..].iter().all(|other| other != id));
        }
    }

    #[test]
    fn the_derivation_is_pinned() {
        // Another value breaks every recording and snapshot: bump ID_VERSION.
        let id = NodePath::function("Shop.Cart", "add", 2).step("clause", "def", "add(a,b)").id();
        assert_eq!(id.raw(), 216919331039440000);
        assert_eq!(NodeId::from_raw(1 << 59), None);
    }
}

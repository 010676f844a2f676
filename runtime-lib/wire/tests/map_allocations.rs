//! Reading a node map allocates nothing, counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use wire::{MapBuilder, NodeEntry, NodeId, NodeKind, NodeMap};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is left to the system's allocator. The counter neither
// allocates nor has a destructor, so it may be reached from inside an allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System.alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

#[test]
fn opening_and_looking_up_allocate_nothing() {
    let mut builder = MapBuilder::default();
    for n in 0..1000 {
        let label = format!("label {n}");
        let node = NodeEntry {
            id: NodeId::from_raw(n * 77).unwrap(),
            parent: None,
            module: "Shop.Cart",
            name: "add",
            arity: 2,
            kind: NodeKind::Clause,
            file: "lib/shop/cart.ex",
            label: &label,
            line: 1,
            column: 1,
            end_line: 2,
            end_column: 2,
        };
        builder.add(&node).unwrap();
    }
    let bytes = builder.finish().unwrap();
    let before = ALLOCATIONS.get();
    assert!(before > 1000, "the counter counts");
    let map = NodeMap::open(bytes.as_slice()).unwrap();
    let found = (0..1000).filter_map(|n| map.get(NodeId::from_raw(n * 77)?)).filter(|node| node.label.len() > 6);
    assert_eq!((found.count(), map.iter().count()), (1000, 1000));
    assert_eq!(ALLOCATIONS.get(), before);
}

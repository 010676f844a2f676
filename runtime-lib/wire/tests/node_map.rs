//! Node maps: what is written is read; damage is an error, never a panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use wire::{MapBuilder, MapError, NodeEntry, NodeId, NodeKind, NodeMap};

fn id(raw: u64) -> NodeId {
    NodeId::from_raw(raw).unwrap()
}

fn entry(raw: u64, parent: Option<u64>, name: &str) -> NodeEntry<'_> {
    NodeEntry {
        id: id(raw),
        parent: parent.map(id),
        module: "Shop.Cart",
        name,
        arity: 2,
        kind: if parent.is_some() { NodeKind::Value } else { NodeKind::Clause },
        file: "lib/shop/cart.ex",
        label: if parent.is_some() { "" } else { "w%{größe: 1}" },
        line: 3,
        column: 5,
        end_line: 4,
        end_column: 1,
    }
}

fn build(order: &[usize]) -> Vec<u8> {
    let other = NodeEntry { module: "Shop", file: "lib/shop.ex", ..entry(9, None, "zap") };
    let entries = [entry(50, None, "add"), entry(7, Some(50), "add"), other];
    let mut builder = MapBuilder::default();
    order.iter().for_each(|n| builder.add(&entries[*n]).unwrap());
    builder.finish().unwrap()
}

#[test]
fn finds_what_was_added_in_any_order_with_the_same_bytes() {
    let bytes = build(&[0, 1, 2]);
    assert_eq!(bytes, build(&[2, 1, 0]));
    let map = NodeMap::open(bytes).unwrap();
    assert_eq!(map.get(id(7)), Some(entry(7, Some(50), "add")));
    assert_eq!(map.get(id(50)), Some(entry(50, None, "add")));
    assert_eq!(map.get(id(9)).map(|node| (node.module, node.file, node.name)), Some(("Shop", "lib/shop.ex", "zap")));
    assert_eq!(map.get(id(8)), None);
    assert_eq!(map.iter().map(|node| node.id.raw()).collect::<Vec<_>>(), [7, 9, 50]);
    assert!(NodeMap::open(build(&[])).unwrap().is_empty());
}

#[test]
fn places_beyond_the_format_become_the_last_it_has() {
    let mut builder = MapBuilder::default();
    let far = NodeEntry { line: 1 << 21, end_line: 1 << 24, column: 5000, end_column: 4095, ..entry(1, None, "f") };
    builder.add(&far).unwrap();
    let bytes = builder.finish().unwrap();
    let node = NodeMap::open(bytes.as_slice()).unwrap();
    let node = node.get(id(1)).unwrap();
    let last = (1 << 20) - 1;
    assert_eq!((node.line, node.column, node.end_line, node.end_column), (last, 4095, 2 * last, 4095));
}

#[test]
fn a_taken_id_is_refused() {
    let mut builder = MapBuilder::default();
    builder.add(&entry(1, None, "a")).unwrap();
    assert_eq!(builder.add(&entry(1, None, "b")), Err(MapError::Collision(id(1))));
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let bytes = build(&[0, 1, 2]);
    for at in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        assert!(NodeMap::open(damaged).is_err(), "bit {at}");
    }
    for end in 0..bytes.len() {
        assert!(NodeMap::open(&bytes[..end]).is_err(), "{end} bytes");
    }
    assert_eq!(NodeMap::open([&bytes[..], &[0]].concat()).err(), Some(MapError::Damaged("length")));
}

#[test]
fn other_versions_are_told_from_damage() {
    let mut bytes = build(&[0]);
    bytes[8] = 9;
    assert_eq!(NodeMap::open(bytes).err(), Some(MapError::Version(9)));
    assert_eq!(NodeMap::open(b"#!/bin/sh".repeat(9)).err(), Some(MapError::Foreign));
}

/// Bytes that somebody made up, with a digest that is right: read or refused, but
/// never a panic, and what is read answers every question.
#[test]
fn made_up_content_never_panics() {
    let bytes = build(&[0, 1, 2]);
    let (mut state, mut opened) = (7u64, 0);
    for _ in 0..20_000 {
        let mut made_up = bytes.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            let at = 8 + (state >> 33) as usize % (made_up.len() - 8);
            made_up[at] = (state >> 25) as u8;
        }
        let digest = blake3::hash(&made_up[64..]);
        made_up[32..48].copy_from_slice(&digest.as_bytes()[..16]);
        if let Ok(map) = NodeMap::open(made_up) {
            opened += 1;
            assert_eq!(map.iter().count(), map.len());
            assert!(map.iter().all(|node| map.get(node.id) == Some(node)));
        }
    }
    assert!(opened > 100, "only {opened} were well formed");
}

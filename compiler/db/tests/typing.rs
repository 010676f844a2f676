//! What a keystroke reads again, and what it leaves as it was, while a line is
//! typed into a function: three of four texts on the way are no Elixir.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::{Database, Event, Layout, NodeIds, Origin, SourceFile};
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use wire::NodeId;

const SAMPLE: &str = r#"defmodule Shop.Cart do
  @moduledoc """
  A cart:

      def total(items) do
        0
      end
  """
  use GenServer, restart: :transient

  @doc "The sum of all `items`."
  @spec total([item]) :: integer
  def total(items) do
    items |> Enum.map(& &1.price) |> Enum.sum()
  end

  def empty?(cart), do: cart.items == []

  @impl true
  def handle_call({:add, item}, _from, cart)
      when is_map(item) do
    {:reply, :ok, [item | cart]}
  rescue
    error in [ArgumentError] -> {:reply, error, cart}
  end

  # Another clause.
  def handle_call(:all, _from, cart) do
    text = """
    #{length(cart)} items
  at #{DateTime.utc_now()}
    """

    {:reply, text, cart}
  end

  defmodule Item do
    defstruct [:price]

    def free?(item) do
      if item.price == 0 do
        true
      end
    end

    defp price(item), do: item.price
  end

  defmacro log(what) do
    quote do
      def logged(x) do
        unquote(what)
      end
    end
  end
end
"#;
/// Quotes, brackets, braces, `fn`, `end`, `do`, an interpolation, a heredoc.
const LINE: &str =
    "    a = Enum.map([1], fn {n, p} -> \"#{n}: #{p}\" end); if a do ~s([) else \"\"\"\n x\n \"\"\" end\n";

/// The bodies into which the line is typed: the name of each function, and where.
const BODIES: [(&str, &str); 5] = [
    ("total", "def total(items) do\n    items"),
    ("handle_call", "when is_map(item) do\n"),
    ("handle_call", "def handle_call(:all, _from, cart) do\n"),
    ("free?", "def free?(item) do\n"),
    ("log", "defmacro log(what) do\n"),
];

fn typed() -> impl Iterator<Item = (&'static str, Vec<String>)> {
    BODIES.into_iter().map(|(name, head)| {
        let line = head.find('\n').map_or(head.len(), |end| end + 1);
        let at = SAMPLE.find(head).unwrap() + line;
        (
            name,
            (1..=LINE.len()).map(|length| format!("{}{}{}", &SAMPLE[..at], &LINE[..length], &SAMPLE[at..])).collect(),
        )
    })
}

/// The ids of all that is not in a function of this name.
fn outside(ids: &NodeIds, name: &str) -> BTreeSet<NodeId> {
    let other = |node: &&db::NodeInfo| ids.owner(node).name != name;
    ids.nodes().iter().filter(other).map(|node| node.id).collect()
}

#[test]
fn typing_in_a_function_leaves_all_others_as_they_were() {
    let whole = NodeIds::of(&syntax::parse(SAMPLE.as_bytes()).root());
    for (name, texts) in typed() {
        let before = outside(&whole, name);
        assert!(before.len() > 50);
        for text in texts {
            let after = outside(&NodeIds::of(&syntax::parse(text.as_bytes()).root()), name);
            // What is left of a damaged head may be outside of functions.
            let lost = before.difference(&after).count();
            assert_eq!(lost, 0, "{text}");
        }
    }
}

fn open() -> (Database, SourceFile, Receiver<Event>) {
    let (sender, events) = channel();
    let mut db = Database::observed(move |event| {
        // The receiver may be gone by the time the database is dropped.
        let _ = sender.send(event);
    });
    let file = SourceFile::of(&db, Origin::Project, "lib/a.ex", SAMPLE.into(), None);
    Layout::add(&mut db, Origin::Project, [file]);
    (db, file, events)
}

/// The parts that were read since the last call.
fn pieces_read(db: &Database, events: &Receiver<Event>) -> Vec<String> {
    let parts = events.try_iter().filter_map(|event| match event {
        Event::Ran(query) => Some(query.describe(db)).filter(|query| query.starts_with("piece")),
        _ => None,
    });
    parts.collect()
}

#[test]
fn a_keystroke_reads_one_part_again_and_gives_the_tree_and_ids_of_the_whole() {
    let (mut db, file, events) = open();
    for (name, texts) in typed() {
        // The parts that are there before.
        file.edit(&mut db, format!("{SAMPLE}\n").into());
        file.edit(&mut db, SAMPLE.into());
        db::parse(&db, file);
        for text in texts {
            pieces_read(&db, &events);
            file.edit(&mut db, text.clone().into());
            let whole = syntax::parse(text.as_bytes());
            assert!(*db::parse(&db, file) == whole, "{text}");
            assert!(*db::node_ids(&db, file) == NodeIds::of(&whole.root()), "{text}");
            // What was typed in; and the rest, where the code in the documentation is
            // taken for a part, or no longer is.
            let parts = pieces_read(&db, &events);
            assert!(parts.len() <= 3, "{name}: {parts:?}");
        }
    }
}

#[test]
fn what_was_typed_long_ago_is_dropped() {
    let (mut db, file, events) = open();
    let text = |number: usize| SAMPLE.replace("items |>", &format!("items{number} |>"));
    let mut read = |number| {
        file.edit(&mut db, text(number).into());
        db::node_ids(&db, file);
        pieces_read(&db, &events).len()
    };
    assert!(read(0) > 5);
    assert_eq!((1..=10).map(&mut read).sum::<usize>(), 10);
    assert_eq!(read(0), 0, "it is taken back");
    assert_eq!((11..=5000).map(&mut read).sum::<usize>(), 4990);
    assert_eq!(read(0), 1, "nobody asked for it in 5000 revisions");
}

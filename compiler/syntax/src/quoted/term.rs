//! The terms of quoted code.

use unicode_normalization::UnicodeNormalization;

/// A term, as Elixir's parser makes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// An atom.
    Atom(Box<str>),
    /// A non-negative integer that fits.
    Int(u64),
    /// A larger one: its bytes, the least significant first.
    Big(Vec<u8>),
    /// A float.
    Float(f64),
    /// A binary.
    Binary(Vec<u8>),
    /// A proper list.
    List(Vec<Term>),
    /// A tuple.
    Tuple(Vec<Term>),
}

impl Term {
    /// An atom.
    pub fn atom(text: &str) -> Self {
        Self::Atom(text.into())
    }

    /// The atom of a name as it is written (`String.Tokenizer`: NFC, and the
    /// micro sign as the Greek letter).
    pub fn name(written: &str) -> Self {
        if written.is_ascii() {
            return Self::atom(written);
        }
        let letter = |char| if char == '\u{b5}' { '\u{3bc}' } else { char };
        Self::atom(&written.nfc().map(letter).collect::<String>())
    }

    /// `nil`
    pub fn nil() -> Self {
        Self::atom("nil")
    }

    /// `{a, b}`
    pub fn pair(a: Self, b: Self) -> Self {
        Self::Tuple(vec![a, b])
    }

    /// `{head, meta, arguments}`
    pub fn node(head: Self, meta: Meta, arguments: Self) -> Self {
        Self::Tuple(vec![head, meta.term(), arguments])
    }

    /// `{name, meta, [arguments]}`
    pub fn call(name: &str, meta: Meta, arguments: Vec<Self>) -> Self {
        Self::node(Self::atom(name), meta, Self::List(arguments))
    }

    /// `{{:., meta, [left, name]}, meta, arguments}`
    pub fn remote(left: Self, name: &str, meta: &Meta, arguments: Vec<Self>) -> Self {
        let dot = Self::call(".", meta.clone(), vec![left, Self::atom(name)]);
        Self::node(dot, meta.clone(), Self::List(arguments))
    }

    /// Expressions as one, as `elixir_parser.yrl` does (`build_block`).
    pub fn block(expressions: Vec<Self>) -> Self {
        Self::block_at(Meta::default(), expressions)
    }

    /// The same, of a block that has a place: one in parentheses.
    pub fn block_at(meta: Meta, mut expressions: Vec<Self>) -> Self {
        // What is spliced, and what `in` would take apart (`(not a) in b`), stays a block.
        let stays = |one: &Self| one.is_call_of_one("unquote_splicing") || one.is_negation();
        match expressions.as_mut_slice() {
            [Self::Tuple(parts)] if parts.first() == Some(&Self::atom("__block__")) => {
                // Parentheses around a block add their place to it.
                if let (Some(Self::List(place)), Self::List(more)) = (parts.get_mut(1), meta.term()) {
                    place.extend(more);
                }
                expressions.remove(0)
            }
            [one] if !stays(one) => expressions.remove(0),
            _ => Self::call("__block__", meta, expressions),
        }
    }

    /// `not a`, `!a`
    pub fn is_negation(&self) -> bool {
        self.is_call_of_one("not") || self.is_call_of_one("!")
    }

    /// `name(one)`
    pub fn is_call_of_one(&self, name: &str) -> bool {
        match self {
            Self::Tuple(parts) => match parts.as_slice() {
                [Self::Atom(head), _, Self::List(arguments)] => &**head == name && arguments.len() == 1,
                _ => false,
            },
            _ => false,
        }
    }
}

/// The metadata of a node, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta(Vec<(&'static str, Term)>);

impl Meta {
    /// Line, and column if columns are asked for.
    pub fn at(line: u32, column: Option<u32>) -> Self {
        let column = column.map(|column| ("column", Term::Int(column.into())));
        Self(std::iter::once(("line", Term::Int(line.into()))).chain(column).collect())
    }

    /// The same with `key: value` in front.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: Term) -> Self {
        self.0.insert(0, (key, value));
        self
    }

    /// Only where it is.
    #[must_use]
    pub fn place(mut self) -> Self {
        self.0.retain(|(key, _)| matches!(*key, "line" | "column"));
        self
    }

    pub(super) fn term(self) -> Term {
        Term::List(self.0.into_iter().map(|(key, value)| Term::pair(Term::atom(key), value)).collect())
    }
}

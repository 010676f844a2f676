//! A type for each kind of node that holds others. Generated from the node types of
//! tree-sitter-elixir by `cargo xtask codegen`; not to be edited.

use super::node;

node! { AccessCall ACCESS_CALL { key: second, target: first } }
node! { AfterBlock AFTER_BLOCK {} }
node! { AnonymousFunction ANONYMOUS_FUNCTION {} }
node! { Arguments ARGUMENTS {} }
node! { BinaryOperator BINARY_OPERATOR { left: before, operator: operator, right: after } }
node! { Bitstring BITSTRING {} }
node! { Block BLOCK {} }
node! { Body BODY {} }
node! { Call CALL { target: first } }
node! { CatchBlock CATCH_BLOCK {} }
node! { Charlist CHARLIST { quoted_end: closing, quoted_start: opening } }
node! { DoBlock DO_BLOCK {} }
node! { Dot DOT { left: before, operator: operator, right: after } }
node! { ElseBlock ELSE_BLOCK {} }
node! { Interpolation INTERPOLATION {} }
node! { Keywords KEYWORDS {} }
node! { List LIST {} }
node! { Map MAP {} }
node! { MapContent MAP_CONTENT {} }
node! { Pair PAIR { key: first, value: second } }
node! { QuotedAtom QUOTED_ATOM { quoted_end: closing, quoted_start: opening } }
node! { QuotedKeyword QUOTED_KEYWORD { quoted_end: closing, quoted_start: opening } }
node! { RescueBlock RESCUE_BLOCK {} }
node! { Sigil SIGIL { quoted_end: closing, quoted_start: opening } }
node! { StabClause STAB_CLAUSE { left: before, operator: operator, right: after } }
node! { String STRING { quoted_end: closing, quoted_start: opening } }
node! { Struct STRUCT {} }
node! { Tuple TUPLE {} }
node! { UnaryOperator UNARY_OPERATOR { operand: first, operator: operator } }

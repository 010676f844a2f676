//! Tokens that never stand side by side in Elixir, though the grammar may let
//! them: two values on one line, a comma on a new one, a dot before nothing.

use super::{Lexeme, Operator, ScanError, Token};

/// The first token that cannot stand where it is.
pub(crate) fn misplaced(tokens: &[Token], source: &str) -> Option<ScanError> {
    let leads = tokens.first().is_some_and(|first| joins(first.lexeme)).then_some(0);
    let index = leads.or_else(|| (1..tokens.len()).find(|index| clash(tokens, *index, source)))?;
    let token = tokens[index];
    let text = token.text(source).lines().next().unwrap_or_default();
    Some(ScanError { at: token.start as usize, message: format!("unexpected `{text}`") })
}

fn clash(tokens: &[Token], index: usize, source: &str) -> bool {
    let (left, right) = (tokens[index - 1], tokens[index]);
    match (left.lexeme, right.lexeme) {
        (Lexeme::Dot, Lexeme::Identifier | Lexeme::Alias | Lexeme::TextOpen | Lexeme::Constant) => false,
        (Lexeme::Dot, Lexeme::Open) => right.text(source) != "{",
        (Lexeme::Dot, _) => true,
        // An atom has no parts, and `:a.B` no meaning.
        (Lexeme::Atom, Lexeme::Dot) => tokens.get(index + 1).is_some_and(|next| next.lexeme == Lexeme::Alias),
        (Lexeme::LineEnd | Lexeme::Open | Lexeme::Comma, Lexeme::Comma) => true,
        (Lexeme::Alias, Lexeme::Open) => right.text(source) == "{" && !names_struct(tokens, index - 1),
        (Lexeme::Open | Lexeme::HoleOpen | Lexeme::Comma | Lexeme::Semicolon | Lexeme::Do, right) if joins(right) => {
            true
        }
        // `a."b" c`: a name, which takes arguments.
        (Lexeme::TextClose, _) if index > 2 && tokens[index - 3].lexeme == Lexeme::Dot => false,
        (left, right) => ends(left) && begins(right),
    }
}

/// Whether a value ends here that takes no argument without parentheses.
fn ends(lexeme: Lexeme) -> bool {
    use Lexeme::{Alias, Atom, Close, Constant, End, Literal, TextClose};
    matches!(lexeme, Alias | Atom | Close | Constant | End | Literal | TextClose)
}

/// Whether a value begins here, whatever comes before.
fn begins(lexeme: Lexeme) -> bool {
    use Lexeme::{Alias, Atom, Constant, Fn, Identifier, KeywordKey, Literal, Percent, TextOpen};
    let operand =
        matches!(lexeme, Alias | Atom | Constant | Fn | Identifier | KeywordKey | Literal | Percent | TextOpen);
    operand || matches!(lexeme, Lexeme::Operator(Operator::At | Operator::Capture))
}

/// Whether a value must stand before.
fn joins(lexeme: Lexeme) -> bool {
    use Operator::{Association, Binary, In, Pipe, Step};
    matches!(lexeme, Lexeme::Operator(Association | Binary | In | Pipe | Step))
}

/// Whether the alias that ends at `last` is the name of a struct, or is followed
/// by a dot: `%A.B{`
fn names_struct(tokens: &[Token], last: usize) -> bool {
    let chain = tokens[..=last].iter().rev();
    let mut before = chain.skip_while(|token| {
        use Lexeme::{Alias, Close, Dot, Identifier, Open};
        matches!(token.lexeme, Alias | Dot | Identifier | Open | Close)
    });
    before.next().is_some_and(|token| matches!(token.lexeme, Lexeme::Percent | Lexeme::Operator(_)))
}

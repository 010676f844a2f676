//! Which error Elixir's parser would give, of all that is wrong: the one it notices first.

use crate::scan::{Lexeme, ScanError, Token, fault, misplaced, unexpected_from};

/// What is noticed first: where the grammar was stuck, or what it let pass.
pub(crate) fn first(text: &str, tokens: &[Token], stuck: Option<usize>) -> Option<ScanError> {
    let fault = fault(tokens);
    let start = |at: usize| tokens[at].start as usize;
    let stuck = stuck.and_then(|at| unexpected_from(tokens, at)).map(|token| unexpected(text, token));
    // Elixir goes on past such a comma.
    let comma = fault.and_then(|fault| fault.comma).map(start);
    let stuck = stuck.filter(|stuck| Some(stuck.at) != comma);
    let at_once = |error: ScanError| (error.at, error);
    let fault = fault.map(|fault| (start(fault.noticed), unexpected(text, &tokens[fault.blamed])));
    let misplaced = misplaced(tokens, text).map(at_once);
    let all = fault.into_iter().chain(stuck.map(at_once)).chain(misplaced);
    all.min_by_key(|(noticed, _)| *noticed).map(|(_, error)| error)
}

fn unexpected(text: &str, token: &Token) -> ScanError {
    let shown = token.text(text).lines().find(|line| !line.is_empty()).unwrap_or("end of line");
    let message = match token.lexeme {
        Lexeme::Fn => "an anonymous function needs `->`".into(),
        _ => format!("unexpected `{shown}`"),
    };
    ScanError { at: token.start as usize, message }
}

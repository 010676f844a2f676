//! Other layout, other comments, the same tokens.

use crate::corpus::Source;
use crate::random::Random;
use crate::{Mutant, Tally};
use syntax::{SyntaxKind, SyntaxToken};

/// Changes every third gap between tokens.
pub fn mutate(source: &Source, random: &mut Random, _: &mut Tally) -> Option<Mutant> {
    let mut text = String::new();
    for token in source.root().descendants_with_tokens().filter_map(|element| element.into_token()) {
        match token.kind() {
            _ if random.below(3) > 0 => text.push_str(token.text()),
            SyntaxKind::WHITESPACE => text.push_str(&gap(token.text(), random)),
            _ => with_space(&mut text, &token),
        }
    }
    Some(Mutant { text, old: 0..0, new: 0..0 })
}

/// A gap that holds a line's end keeps one, another keeps none.
fn gap(old: &str, random: &mut Random) -> String {
    // A backslash continues the line: nothing may stand behind it.
    if old.contains('\\') {
        return old.to_owned();
    }
    let Some((before, after)) = old.split_once('\n') else { return old.repeat(1 + random.below(3)) };
    match random.below(6) {
        0 => format!("{before} # note\n{after}"),
        1 => format!("{before}\n\n\t\n{after}"),
        2 => format!("{before}\n  # def note(x), do: \"#{{\n{after}"),
        3 => format!("{before}\n{}{}", after, " ".repeat(random.below(9))),
        4 => format!("  {before}\n{}", after.replace([' ', '\t'], "")),
        _ => format!("{before}\r\n{after}"),
    }
}

/// Space inside brackets and behind commas.
fn with_space(text: &mut String, token: &SyntaxToken) {
    use SyntaxKind::{SIGIL, T_COMMA, T_L_BRACE, T_L_BRACKET, T_L_PAREN, T_R_BRACE, T_R_BRACKET, T_R_PAREN};
    let delimits_text = token.parent().is_some_and(|parent| parent.kind() == SIGIL);
    match token.kind() {
        T_COMMA | T_L_BRACE | T_L_BRACKET | T_L_PAREN if !delimits_text => text.extend([token.text(), "  "]),
        T_R_BRACE | T_R_BRACKET | T_R_PAREN if !delimits_text => text.extend([" ", token.text()]),
        _ => text.push_str(token.text()),
    }
}

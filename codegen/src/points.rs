//! Points of a plan: "before the statement on this line, capture these variables".

use crate::edit::{Layer, depth};
use crate::probes::{Done, Probes};
use crate::secrets::REDACTED;
use crate::{Refused, Side, bindings, condition};
use syntax::{Clause, LineIndex, SyntaxNode, TextRange, TextSize, trimmed_range};
use wire::{NodeKind, Point, SecretNames, Strength};

/// The points of one file that have no place yet.
pub struct Points<'a> {
    open: Vec<&'a Point>,
    refused: Vec<Refused>,
    lines: Option<LineIndex>,
    end: TextSize,
}

impl<'a> Points<'a> {
    /// Points of the file with this tree.
    pub fn of(points: &'a [Point], root: &SyntaxNode) -> Self {
        let lines = (!points.is_empty()).then(|| LineIndex::new(root.text().to_string().as_bytes()));
        Self { open: points.iter().collect(), refused: Vec::new(), lines, end: root.text_range().end() }
    }

    /// The strength that a clause needs for the points inside of it.
    pub fn inside(&self, clause: &Clause) -> Option<Strength> {
        let range = trimmed_range(clause.call.node());
        let lines = self.line(range.start())?..=self.line(range.end())?;
        self.open.iter().any(|point| lines.contains(&point.line)).then_some(Strength::Boundaries)
    }

    fn line(&self, at: TextSize) -> Option<u32> {
        self.lines.as_ref().map(|lines| lines.line(at))
    }

    /// Puts the points that fall on `statements` of `clause` where they belong.
    ///
    /// # Errors
    /// When a node has no id.
    pub fn place(&mut self, clause: &Clause, statements: &[(SyntaxNode, String)], probes: &mut Probes<'_>) -> Done {
        for point in std::mem::take(&mut self.open) {
            let on_line =
                |(node, _): &&(SyntaxNode, String)| self.line(trimmed_range(node).start()) == Some(point.line);
            let Some((statement, mark)) = statements.iter().find(on_line) else {
                self.open.push(point);
                continue;
            };
            match read(point, clause, statement, probes.secrets()) {
                Ok(read) => put(point, &read, statement, mark, probes)?,
                Err(why) => self.refused.push(Refused { range: trimmed_range(statement), why }),
            }
        }
        Ok(())
    }

    /// What could not be placed, and why.
    pub fn left(self) -> Vec<Refused> {
        let missing = |point: &Point| Refused {
            range: TextRange::empty(self.end),
            why: format!("line {} has no statement of a function that a point could stand before", point.line),
        };
        self.refused.iter().cloned().chain(self.open.iter().map(|point| missing(point))).collect()
    }
}

/// The probe of a point before `statement`; its label begins with `mark`.
fn put(
    point: &Point,
    (arguments, condition): &(String, Option<String>),
    statement: &SyntaxNode,
    mark: &str,
    probes: &mut Probes<'_>,
) -> Done {
    let names = point.capture.join(&wire::map::capture::SEPARATOR.to_string());
    // Several points may stand before one statement.
    let role = format!("point{arguments} if {condition:?}");
    let id = probes.site_as(statement, NodeKind::Point, format!("{mark}{names}"), &role)?;
    let passing = probes.passing_within(id, point.limits);
    let call = probes.call("locals", &format!("{passing}{arguments}"));
    let text = match condition {
        None => format!("{call}; "),
        Some(holds) => format!("case [] do _ when ({holds}) -> {call}; _ -> :ok end; "),
    };
    probes.insert(trimmed_range(statement).start(), Side::Open, depth(statement, Layer::Then), text, id);
    Ok(())
}

/// The arguments behind the id, and the condition.
fn read(
    point: &Point,
    clause: &Clause,
    statement: &SyntaxNode,
    secrets: &SecretNames,
) -> Result<(String, Option<String>), String> {
    let known = bindings::before(statement, clause);
    if point.capture.is_empty() || point.capture.len() > crate::head::MAX_ARGUMENTS {
        return Err(format!("a point captures 1 to {} variables", crate::head::MAX_ARGUMENTS));
    }
    let condition = point.condition.as_deref().map(condition::read).transpose()?;
    let used = condition.iter().flat_map(|condition| &condition.variables);
    for name in point.capture.iter().chain(used) {
        if !known.contains(name) {
            return Err(format!("there is no variable `{name}` before line {}", point.line));
        }
        if name.starts_with('_') {
            return Err(format!("`{name}` is underscored: reading it would be a warning"));
        }
    }
    let passed = |name: &String| format!(", {}", if secrets.has(name.as_bytes()) { REDACTED } else { name });
    let arguments = point.capture.iter().map(passed).collect();
    Ok((arguments, condition.map(|condition| condition.text)))
}

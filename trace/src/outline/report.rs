//! An outline as one object for machines.

use super::view::WIDEST;
use super::{DetailView, FrameView, Outline, ProcessView, Row};
use crate::value::inspect;
use crate::{Frames, Messages, Recording, run};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Serializes an outline as `run`, `app`, `state`, `lost_events`, `processes`,
/// `contexts`, `frames`, `details`, `shown`, `more` and `findings`, one row at a time.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was read.
    pub recording: &'a Recording,
    /// Its frames.
    pub frames: &'a Frames,
    /// Its messages.
    pub messages: &'a Messages,
    /// What to show of them.
    pub outline: &'a Outline,
}

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { recording, outline, .. } = *self;
        let info = recording.info();
        let lost = run::sum(&run::ring_totals(recording.segments()), |ring| ring.lost_events);
        let mut report = serializer.serialize_struct("Report", 12)?;
        report.serialize_field("run", &info.map(|info| &info.id))?;
        report.serialize_field("app", &info.map(|info| &info.app))?;
        report.serialize_field("state", &recording.state())?;
        report.serialize_field("lost_events", &lost)?;
        report.serialize_field("whole_from_ns", &recording.whole_from_ns())?;
        report.serialize_field(
            "processes",
            &Rows(*self, |report, row| match row {
                Row::Process(number) => {
                    let process = &report.frames.processes()[*number as usize];
                    Some(ProcessView::new(report.recording, report.frames, process))
                }
                _ => None,
            }),
        )?;
        report.serialize_field("contexts", &Contexts(recording))?;
        report.serialize_field(
            "frames",
            &Rows(*self, |report, row| match row {
                Row::Call { frame, .. } => Some(FrameView::new(report.recording, report.frames, *frame)),
                _ => None,
            }),
        )?;
        report.serialize_field(
            "details",
            &Rows(*self, |report, row| match *row {
                Row::Detail { process, detail, .. } => {
                    let process = &report.frames.processes()[process as usize];
                    Some(DetailView::new(report.recording, report.messages, process, &process.details[detail as usize]))
                }
                _ => None,
            }),
        )?;
        report.serialize_field("shown", &outline.shown)?;
        report.serialize_field("more", &outline.more)?;
        report.serialize_field("findings", recording.findings())?;
        report.end()
    }
}

struct Rows<'a, T>(Report<'a>, fn(&Report<'a>, &Row) -> Option<T>);

impl<T: Serialize> Serialize for Rows<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.outline.rows.iter().filter_map(|row| (self.1)(&self.0, row)))
    }
}

struct Contexts<'a>(&'a Recording);

impl Serialize for Contexts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contexts = self.0.contexts();
        serializer.collect_seq(contexts.numbers().into_iter().map(|number| ContextView {
            id: contexts.id(number).unwrap_or_default().into_owned(),
            metadata: contexts.metadata(number).map(|metadata| inspect(metadata, WIDEST)),
        }))
    }
}

#[derive(Serialize)]
struct ContextView {
    id: String,
    metadata: Option<String>,
}

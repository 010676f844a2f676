//! The pass over the events. Each frame is pushed and popped once, so the
//! whole is linear in the events, whatever the depth.

use super::callee::Callees;
use super::doubt::doubt_recycled;
use super::narrowed::Narrowed;
use super::stack::Stack;
use super::{Closing, Detail, Frame, Frames, NONE, Process};
use crate::Recording;
use crate::run::is_of_function;
use rustc_hash::FxHashMap;
use wire::map::PASSING;
use wire::record::{BEGINS, NO_END, OF_PROCESS, WITH_MESSAGE};
use wire::{Kind, NodeKind, Record};

struct Builder<'a> {
    recording: &'a Recording,
    all: Vec<Frame>,
    processes: Vec<Process>,
    stacks: Vec<Stack>,
    by_pid: FxHashMap<u64, u32>,
    last_pid: (u64, u32),
    callees: Callees<'a>,
    /// By clause: whether each of its values is recorded before its frame ends.
    binds: Vec<bool>,
    narrowed: Narrowed,
}

pub(super) fn build(recording: &Recording) -> Frames {
    let mut builder = Builder {
        recording,
        all: Vec::new(),
        processes: Vec::new(),
        stacks: Vec::new(),
        by_pid: FxHashMap::default(),
        last_pid: (0, NONE),
        callees: Callees::new(recording.sites()),
        binds: binding_clauses(recording),
        narrowed: Narrowed::default(),
    };
    for (number, event) in recording.events().iter().enumerate() {
        builder.event(number as u32, &recording.record(*event));
    }
    // Successors come later than what they succeed: one backward pass suffices.
    for number in (0..builder.all.len()).rev() {
        let Frame { tail_of, last, .. } = builder.all[number];
        if tail_of != NONE {
            builder.all[tail_of as usize].last = last;
        }
    }
    doubt_recycled(recording, &mut builder.all, &mut builder.processes);
    builder.doubt_open();
    Frames { all: builder.all, processes: builder.processes }
}

fn binding_clauses(recording: &Recording) -> Vec<bool> {
    let mut binds = vec![false; recording.sites().iter().len()];
    for site in recording.sites().iter().filter(|site| site.kind == Some(NodeKind::BodyValue)) {
        binds[site.clause as usize] = true;
    }
    binds
}

impl Builder<'_> {
    fn event(&mut self, number: u32, record: &Record<'_>) {
        if matches!(record.kind, Kind::NameAtom | Kind::NameProcess | Kind::Clock | Kind::Context)
            || is_known_name(record)
            || is_of_function(record.kind) && self.recording.site_of(record).is_none()
        {
            return; // Of the last, which function it is of cannot be read.
        }
        let process = self.process(record.pid, number);
        if record.kind.is_told() && !is_of_function(record.kind) {
            return self.told(process, number);
        }
        if matches!(record.kind, Kind::Level | Kind::Switch) {
            return self.changed(process, number, record);
        }
        let tail = self.stacks[process as usize].tail.take();
        match record.kind {
            Kind::Enter => self.enter(process, number, record, tail),
            Kind::Leave => self.close(process, number, record, Closing::Returned),
            Kind::Tail => self.close(process, number, record, Closing::Tail),
            Kind::Bind if self.is_body(record) => self.body(process, number, record),
            Kind::Branch | Kind::Bind | Kind::Locals | Kind::Mark => {
                self.detail(process, number, record);
            }
            Kind::Caught => self.caught(process, number, record),
            Kind::Exit => self.exit(process, number),
            Kind::Call => self.call(process, number, record, tail),
            Kind::Returned => self.close(process, number, record, Closing::Returned),
            Kind::Raised => self.raised(process, number, record),
            _ => {}
        }
    }

    // What is open at the end may have ended unseen.
    fn doubt_open(&mut self) {
        for process in 0..self.stacks.len() {
            self.leave_doubtful(process as u32);
        }
    }

    fn process(&mut self, pid: u64, number: u32) -> u32 {
        if self.last_pid != (pid, self.last_pid.1) || self.last_pid.1 == NONE {
            let next = self.processes.len() as u32;
            let index = *self.by_pid.entry(pid).or_insert(next);
            if index == next {
                let process = Process {
                    pid,
                    frames: Vec::new(),
                    events: 0,
                    first: number,
                    last: number,
                    details: Vec::new(),
                    orphans: Vec::new(),
                    exit: NONE,
                };
                self.processes.push(process);
                self.stacks.push(Stack::default());
            }
            self.last_pid = (pid, index);
        }
        let process = &mut self.processes[self.last_pid.1 as usize];
        process.events += 1;
        process.last = number;
        self.last_pid.1
    }

    fn changed(&mut self, process: u32, number: u32, record: &Record<'_>) {
        match record.node.raw() {
            OF_PROCESS => self.stacks[process as usize].doubt = number,
            variant => {
                self.narrowed.note(number, record, self.recording);
                if variant != BEGINS {
                    self.told(process, number);
                }
            }
        }
    }

    // Frames that may have ended unseen call nobody.
    fn leave_doubtful(&mut self, process: u32) {
        let stack = &mut self.stacks[process as usize];
        let doubt = self.narrowed.doubt(stack);
        while let Some(frame) = self.all.get_mut(stack.top() as usize) {
            if frame.enter >= doubt || stack.is_sure(doubt) {
                break;
            }
            stack.pop();
            end(frame, Closing::Open, doubt);
            frame.inferred = true;
        }
    }

    // Ends the innermost frame, at an event that shows it is gone.
    fn pop(&mut self, process: u32, closing: Closing, number: u32, inferred: bool) -> bool {
        let stack = &mut self.stacks[process as usize];
        let Some(frame) = self.all.get_mut(stack.top() as usize) else { return false };
        let is_known = !self.narrowed.doubts(stack, frame.enter);
        stack.pop();
        end(frame, if is_known { closing } else { Closing::Open }, number);
        frame.inferred = inferred || !is_known;
        true
    }

    fn enter(&mut self, process: u32, number: u32, record: &Record<'_>, tail: Option<(u32, u32)>) {
        self.leave_doubtful(process);
        let frame = self.all.len() as u32;
        let clause = self.clause(record);
        let tail_of = tail.filter(|(_, site)| self.callees.may_be(*site, clause)).map_or(NONE, |(frame, _)| frame);
        let stack = &mut self.stacks[process as usize];
        self.all.push(Frame {
            enter: number,
            clause,
            process,
            depth: stack.depth(),
            closing: Closing::Open,
            inferred: false,
            function: self.recording.sites().function_of(clause),
            close: NONE,
            parent: stack.top(),
            tail_of,
            last: frame,
            result: NONE,
        });
        stack.push(frame, clause);
        self.processes[process as usize].frames.push(frame);
    }

    // The VM told of it, and will tell how it ends, or not.
    fn call(&mut self, process: u32, number: u32, record: &Record<'_>, tail: Option<(u32, u32)>) {
        self.enter(process, number, record, tail);
        let frame = self.stacks[process as usize].top();
        if record.node.raw() & WITH_MESSAGE != 0 {
            self.processes[process as usize].details.push(Detail { event: number, frame });
        }
        if record.node.raw() & NO_END != 0 {
            self.stacks[process as usize].pop();
            self.all[frame as usize].inferred = true;
        }
    }

    fn close(&mut self, process: u32, number: u32, record: &Record<'_>, closing: Closing) {
        let Some(frame) = self.unwind_to(process, number, record) else {
            self.processes[process as usize].orphans.push(number);
            return;
        };
        let stack = &mut self.stacks[process as usize];
        stack.pop();
        let closed = &mut self.all[frame as usize];
        let has_value = record.argc > 0 || record.flags & wire::FLAG_OMITTED != 0;
        closed.closing = closing;
        closed.close = number;
        match closing {
            Closing::Returned if has_value => closed.result = number,
            Closing::Returned if closed.result != NONE => {} // the body's value, bound before
            Closing::Returned if self.binds[closed.clause as usize] => {
                closed.inferred = true;
                let opening = self.recording.record_at(closed.enter).flags;
                if !self.narrowed.since(closed.enter, opening, record.flags) {
                    closed.closing = Closing::Raised;
                }
            }
            Closing::Returned => closed.result = number,
            _ => {
                closed.result = NONE;
                let site = self.recording.site_of(record).unwrap_or(NONE);
                stack.tail = Some((frame, site));
            }
        }
    }

    fn is_body(&self, record: &Record<'_>) -> bool {
        let site = self.recording.site_of(record).map(|site| self.recording.sites().get(site));
        site.is_some_and(|site| site.kind == Some(NodeKind::BodyValue))
    }

    fn body(&mut self, process: u32, number: u32, record: &Record<'_>) {
        match self.unwind_to(process, number, record) {
            Some(frame) => self.all[frame as usize].result = number,
            None => self.processes[process as usize].orphans.push(number),
        }
    }

    // What happens in a frame shows that it is the innermost one, unless other code
    // decides when it happens. The frame it happened in.
    fn detail(&mut self, process: u32, number: u32, record: &Record<'_>) -> Option<u32> {
        let is_detached = self.recording.site_of(record).is_none_or(|site| self.recording.sites().get(site).detached);
        let own = if is_detached { None } else { self.unwind_to(process, number, record) };
        let frame = own.unwrap_or_else(|| self.stacks[process as usize].top());
        self.processes[process as usize].details.push(Detail { event: number, frame });
        own
    }

    // The VM tells of a process whatever its code is doing: it shows nothing of frames,
    // and may come between a tail call and what it calls.
    fn told(&mut self, process: u32, number: u32) {
        let frame = self.stacks[process as usize].top();
        self.processes[process as usize].details.push(Detail { event: number, frame });
    }

    fn caught(&mut self, process: u32, number: u32, record: &Record<'_>) {
        let Some(frame) = self.detail(process, number, record) else { return };
        let sites = self.recording.sites();
        if self.recording.site_of(record).is_some_and(|site| sites.label(sites.get(site)) == PASSING) {
            self.stacks[process as usize].pop();
            end(&mut self.all[frame as usize], Closing::Raised, number);
        }
    }

    fn raised(&mut self, process: u32, number: u32, record: &Record<'_>) {
        let Some(frame) = self.unwind_to(process, number, record) else {
            self.processes[process as usize].orphans.push(number);
            return;
        };
        self.stacks[process as usize].pop();
        end(&mut self.all[frame as usize], Closing::Raised, number);
    }

    // The nearest open frame of the record's clause, once those above it are closed.
    fn unwind_to(&mut self, process: u32, number: u32, record: &Record<'_>) -> Option<u32> {
        let clause = self.clause(record);
        let (stack, sites) = (&self.stacks[process as usize], self.recording.sites());
        if !stack.holds(clause) {
            // Without a map nothing links a site to its clause: take the top's.
            let is_unknown = |clause: u32| clause != NONE && sites.get(clause).kind.is_none();
            return (is_unknown(clause) && is_unknown(stack.top_clause())).then(|| stack.top());
        }
        while self.stacks[process as usize].top_clause() != clause {
            let is_told = matches!(record.kind, Kind::Caught | Kind::Raised);
            if !self.pop(process, Closing::Raised, number, !is_told) {
                break;
            }
        }
        let stack = &mut self.stacks[process as usize];
        stack.confirm(self.narrowed.doubt(stack));
        Some(stack.top())
    }

    fn exit(&mut self, process: u32, number: u32) {
        while self.pop(process, Closing::Exited, number, false) {}
        // Told twice where the VM tells and the recorder watched: the VM comes first.
        let exit = &mut self.processes[process as usize].exit;
        *exit = if *exit == NONE { number } else { *exit };
    }

    fn clause(&self, record: &Record<'_>) -> u32 {
        self.recording.site_of(record).map_or(NONE, |site| self.recording.sites().get(site).clause)
    }
}

// Nothing happened to the process: the name is what sends to it are resolved by.
fn is_known_name(record: &Record<'_>) -> bool {
    record.kind == Kind::Register && record.node.raw() == wire::record::REGISTERED_BEFORE
}

fn end(frame: &mut Frame, closing: Closing, event: u32) {
    frame.closing = closing;
    frame.close = event;
    frame.result = NONE;
}

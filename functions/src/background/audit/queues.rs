//! Audits queues: compares what they have issued, counted and served with the sessions.

use std::collections::BTreeMap;

use shared::{
    domain::{
        audit::{Kind, Table, Violation, line},
        ids::QueueId,
        queue::{Opening, Queue},
    },
    store::{Reading, StoreError, audit::LineSeen},
};

use super::{Run, Step, readable};

impl Run<'_> {
    /// Checks all queues, which are few.
    pub(super) async fn read_queues(&mut self) -> Result<Step, StoreError> {
        let queue_ids = readable(self.app.queue_ids().await)?.unwrap_or_else(|| {
            self.report(Violation::of(Kind::Unreadable, Table::Queues));
            vec![QueueId::main()]
        });
        for queue_id in queue_ids {
            if readable(self.read_queue(&queue_id).await)?.is_none() {
                self.report(Violation::of_queue(Kind::Unreadable, &queue_id, None));
            }
        }
        self.round.memory.forget_queues();
        Ok(Step::Over)
    }

    /// Checks a queue. The line is read before the numbers issued, and both after the sessions. So
    /// everything that a session or the line knows of has been counted by then.
    async fn read_queue(&mut self, queue_id: &QueueId) -> Result<(), StoreError> {
        let store = self.app.store();
        let defaults = self.app.queue_defaults();
        let Some(queue) = store.queue(queue_id, defaults, Reading::Consistent).await? else {
            self.round.lines.remove(queue_id);
            return Ok(());
        };
        let census = store.census(&queue).await?;
        self.found.checked.queues += 1;
        let early = self.early_entries(&queue).await?;
        let memory = &self.round.memory;
        let violations = line(
            &queue,
            memory,
            census.issued,
            |cohort| census.counts(cohort),
            |stripe| early.get(&stripe).copied().unwrap_or(0),
        );
        self.report_all(violations);
        self.compare_served(&queue);
        Ok(())
    }

    /// The number of entries on each stripe on which a session has one.
    async fn early_entries(&self, queue: &Queue) -> Result<BTreeMap<u8, u64>, StoreError> {
        let seen = self.round.memory.early(&queue.id);
        let stripes: Vec<_> = seen.iter().map(|entry| entry.stripe()).collect();
        match &queue.opening {
            Opening::Done(draw) => {
                let counted = |stripe| (stripe, draw.counted(stripe));
                Ok(stripes.into_iter().map(counted).collect())
            }
            Opening::Always | Opening::Ahead(_) => {
                self.app.store().early_entries(&queue.id, &stripes).await
            }
        }
    }

    /// What has been served at a time never changes, whatever the reader's clock says.
    fn compare_served(&mut self, queue: &Queue) {
        let now = self.app.now().as_millisecond();
        let has_draw = queue.opening != Opening::Always;
        let schedule = &queue.line.schedule;
        let earlier = self.round.lines.get(&queue.id);
        let earlier = earlier.filter(|line| line.has_draw == has_draw).copied();
        let at = earlier.map_or(now, |line| line.at.max(now));
        let served = schedule.served_milli(at);
        if earlier.is_some_and(|line| served < line.served) {
            let served = schedule.served(at);
            let violation = Violation::of_queue(Kind::ServedWentBack, &queue.id, Some(served));
            self.report(violation);
        }
        let line = LineSeen {
            at,
            served,
            has_draw,
        };
        self.round.lines.insert(queue.id.clone(), line);
    }
}

//! Audits shows and plans of halls, and remembers shows for their seats.

use shared::{
    domain::audit::{Kind, SeatsAndGrades, ShowSeen, Table, Violation},
    store::{StoreError, audit::CatalogItem},
};

use super::{Doubt, Run, Step};

/// The largest number of items of a page. The largest items are plans of up to 64 KB, so a page
/// reads at most 100 RRU.
const MAX_PAGE_LENGTH: u32 = 12;

/// How many doubts are settled at the same moment. A look at a show with the largest plan reads 17
/// RRU.
const AT_ONCE: usize = 5;

impl Run<'_> {
    /// Checks plans, and remembers shows for their plans and seats.
    pub(super) async fn read_catalog(&mut self) -> Result<Step, StoreError> {
        let page = self
            .app
            .store()
            .audit_catalog(
                self.round.position.as_ref(),
                self.page().min(MAX_PAGE_LENGTH),
            )
            .await?;
        let mut doubts = Vec::new();
        for item in page.items {
            let checked = &mut self.found.checked;
            let memory = &mut self.round.memory;
            match item {
                Some(CatalogItem::Show(show)) => {
                    checked.shows += 1;
                    let called_off = show.called_off.as_ref();
                    if let Some(change_id) = called_off.and_then(|it| it.change_id) {
                        doubts.push(Doubt::CalledOff(show.id(), change_id));
                    }
                    let planned = SeatsAndGrades::of_show(&show);
                    memory.show(show.id(), ShowSeen::of(&show), planned);
                }
                Some(CatalogItem::Plan(plan_id, its)) => {
                    checked.plans += 1;
                    match its {
                        Some(its) => memory.plan(plan_id, its),
                        None => doubts.push(Doubt::Plan(plan_id)),
                    }
                }
                Some(CatalogItem::Other) => {}
                None => self.report(Violation::of(Kind::Unreadable, Table::Catalog)),
            }
        }
        self.settle_few(doubts).await?;
        let step = self.turn_page(page.next);
        if step == Step::Over {
            self.round.memory.forget_fitting();
        }
        Ok(step)
    }

    /// Settles shows that do not fit their plans.
    pub(super) async fn settle_plans(&mut self) -> Result<Step, StoreError> {
        let memory = &mut self.round.memory;
        let left = std::iter::from_fn(|| memory.next_misfit());
        let doubts = left.map(Doubt::PlanOfShow).take(AT_ONCE).collect();
        self.settle_some(doubts).await
    }

    /// Looks again at fewer doubts at once than usual.
    async fn settle_few(&mut self, mut doubts: Vec<Doubt>) -> Result<(), StoreError> {
        while !doubts.is_empty() {
            let rest = doubts.split_off(doubts.len().min(AT_ONCE));
            self.settle(doubts).await?;
            doubts = rest;
        }
        Ok(())
    }
}

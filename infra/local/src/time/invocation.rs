//! Invocations in the background, and whether all of them have finished or sleep.
//!
//! A move of the clock goes from one due thing to the next. Before each step it waits until all
//! that it has started is finished, or sleeps until a later time.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use parking_lot::Mutex;
use tokio::{sync::Notify, task::JoinSet};

tokio::task_local! {
    static CURRENT: Arc<Invocation>;
}

/// The invocation that this is called in, if it runs in the background.
pub fn current() -> Option<Arc<Invocation>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Counts the invocations of a stack that are busy.
#[derive(Debug, Default)]
pub struct Board {
    busy: AtomicUsize,
    settled: Notify,
    tasks: Mutex<JoinSet<()>>,
}

impl Board {
    /// Runs a future as an invocation in the background.
    pub fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let invocation = Invocation::start(self);
        let mut tasks = self.tasks.lock();
        // Removes the finished ones.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(CURRENT.scope(
            Arc::clone(&invocation),
            Tracked {
                work: Box::pin(work),
                invocation,
            },
        ));
    }

    /// Aborts the invocations that are not finished.
    pub fn end(&self) {
        self.tasks.lock().abort_all();
    }

    /// Returns when every invocation is finished or asleep.
    pub async fn settled(&self) {
        loop {
            let mut settled = std::pin::pin!(self.settled.notified());
            // From here on no notification is missed.
            settled.as_mut().enable();
            if self.busy.load(Ordering::SeqCst) == 0 {
                return;
            }
            settled.await;
        }
    }

    fn one_more_is_busy(&self) {
        self.busy.fetch_add(1, Ordering::SeqCst);
    }

    fn one_less_is_busy(&self) {
        if self.busy.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.settled.notify_waiters();
        }
    }
}

/// An invocation in the background.
#[derive(Debug)]
pub struct Invocation {
    board: Arc<Board>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// It is running on a thread at this moment, or has not started yet.
    runs: bool,
    /// It has returned.
    finished: bool,
    /// How many answers of other services it awaits.
    calls: u32,
    /// How many of its futures are asleep.
    asleep: u32,
    /// How many of its futures were woken and have not run since.
    woken: u32,
}

impl State {
    fn is_busy(self) -> bool {
        let rests = !self.runs && self.calls == 0 && self.woken == 0 && self.asleep > 0;
        !self.finished && !rests
    }
}

impl Invocation {
    fn start(board: &Arc<Board>) -> Arc<Self> {
        board.one_more_is_busy();
        let state = State {
            runs: true,
            ..State::default()
        };
        Arc::new(Self {
            board: Arc::clone(board),
            state: Mutex::new(state),
        })
    }

    /// One of its futures begins to sleep.
    pub fn begins_sleep(&self) {
        self.change(|state| state.asleep += 1);
    }

    /// A future that was asleep has been woken.
    pub fn is_woken(&self) {
        self.change(|state| {
            state.asleep -= 1;
            state.woken += 1;
        });
    }

    /// A future sleeps no more. It was woken, or it has been dropped.
    pub fn ends_sleep(&self, was_woken: bool) {
        self.change(|state| {
            if was_woken {
                state.woken -= 1;
            } else {
                state.asleep -= 1;
            }
        });
    }

    /// It awaits an answer of another service until the returned guard is dropped.
    pub fn calls(self: &Arc<Self>) -> impl Drop + Send + use<> {
        self.change(|state| state.calls += 1);
        Call(Arc::clone(self))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        let was_busy = state.is_busy();
        change(&mut state);
        match (was_busy, state.is_busy()) {
            (false, true) => self.board.one_more_is_busy(),
            (true, false) => self.board.one_less_is_busy(),
            _ => {}
        }
    }
}

struct Call(Arc<Invocation>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.change(|state| state.calls -= 1);
    }
}

/// The work of an invocation. It notes when the work runs, waits and ends.
struct Tracked {
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
    invocation: Arc<Invocation>,
}

impl Future for Tracked {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.invocation.change(|state| state.runs = true);
        let result = self.work.as_mut().poll(context);
        if result.is_pending() {
            self.invocation.change(|state| state.runs = false);
        }
        result
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.invocation.change(|state| state.finished = true);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn board_settles_when_all_invocations_are_finished_or_asleep() {
        let board = Arc::new(Board::default());
        board.settled().await;

        let (asleep, bed) = oneshot::channel::<()>();
        board.spawn(async move {
            let invocation = current().expect("in the background");
            invocation.begins_sleep();
            let _ = bed.await;
            invocation.ends_sleep(true);
        });
        board.spawn(async {});
        board.settled().await;
        drop(asleep);
    }

    #[tokio::test]
    async fn invocation_that_awaits_an_answer_is_busy() {
        let board = Arc::new(Board::default());
        let (answer, question) = oneshot::channel::<()>();
        board.spawn(async move {
            let _call = current().expect("in the background").calls();
            let _ = question.await;
        });
        tokio::task::yield_now().await;
        let mut settled = std::pin::pin!(board.settled());
        assert!(futures_util::poll!(&mut settled).is_pending());
        answer.send(()).expect("awaited");
        settled.await;
    }

    #[tokio::test]
    async fn invocation_that_panics_is_finished() {
        let board = Arc::new(Board::default());
        board.spawn(async { panic!("on purpose") });
        board.settled().await;
    }

    #[tokio::test]
    async fn code_outside_the_background_is_in_no_invocation() {
        assert!(current().is_none());
    }
}

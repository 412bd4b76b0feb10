//! Invocations in the background, and when all of them have nothing more to do at this time.
//!
//! A move of the clock goes from one due thing to the next, and takes no step before what it has
//! set off is finished, or asleep until a later time.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{sync::Notify, task::JoinSet};

tokio::task_local! {
    static CURRENT: Arc<Invocation>;
}

/// The invocation in which this is called, if it is one in the background.
pub fn current() -> Option<Arc<Invocation>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// How many invocations of a stack are busy.
#[derive(Debug, Default)]
pub struct Board {
    busy: AtomicUsize,
    settled: Notify,
    tasks: Mutex<JoinSet<()>>,
}

impl Board {
    /// Runs a future as an invocation of its own, in the background.
    pub fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let invocation = Invocation::start(self);
        let mut tasks = self.tasks();
        // Those that are finished are forgotten.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(CURRENT.scope(
            Arc::clone(&invocation),
            Tracked {
                work: Box::pin(work),
                invocation,
            },
        ));
    }

    /// Ends those that are not finished.
    pub fn end(&self) {
        self.tasks().abort_all();
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once every invocation is finished or asleep.
    pub async fn settled(&self) {
        loop {
            let mut settled = std::pin::pin!(self.settled.notified());
            // From here on no notice is missed.
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
    /// How many answers it awaits from elsewhere.
    calls: u32,
    /// How many of its futures are asleep.
    asleep: u32,
    /// How many of them were woken and have not noticed it yet.
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

    /// One of its futures falls asleep.
    pub fn lies_down(&self) {
        self.change(|state| state.asleep += 1);
    }

    /// One that is asleep has been woken.
    pub fn is_woken(&self) {
        self.change(|state| {
            state.asleep -= 1;
            state.woken += 1;
        });
    }

    /// One gets up, woken or not.
    pub fn gets_up(&self, was_woken: bool) {
        self.change(|state| {
            if was_woken {
                state.woken -= 1;
            } else {
                state.asleep -= 1;
            }
        });
    }

    /// It awaits an answer from elsewhere, until what this returns is dropped.
    pub fn calls(self: &Arc<Self>) -> impl Drop + Send + use<> {
        self.change(|state| state.calls += 1);
        Call(Arc::clone(self))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
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

/// The work of an invocation, watched.
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
    async fn a_board_settles_when_all_are_finished_or_asleep() {
        let board = Arc::new(Board::default());
        board.settled().await;

        let (asleep, bed) = oneshot::channel::<()>();
        board.spawn(async move {
            let invocation = current().expect("in the background");
            invocation.lies_down();
            let _ = bed.await;
            invocation.gets_up(true);
        });
        board.spawn(async {});
        board.settled().await;
        drop(asleep);
    }

    #[tokio::test]
    async fn who_awaits_an_answer_is_busy() {
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
    async fn one_that_panics_is_finished() {
        let board = Arc::new(Board::default());
        board.spawn(async { panic!("on purpose") });
        board.settled().await;
    }

    #[tokio::test]
    async fn what_is_called_in_front_is_no_invocation() {
        assert!(current().is_none());
    }
}

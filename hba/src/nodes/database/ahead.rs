//! Reading ahead: the targets of a long listing are read on all processors, and come out in their order.
//!
//! Owns how many are at work and how far ahead they may be. Must not know what is read.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// More than so many at work are in each other's way.
const WORKERS: usize = 4;
/// As many are read in one go.
const CHUNK: usize = 32;
/// As many goes of each worker wait to be fetched.
const AHEAD: usize = 2;
/// Fewer are not worth a thread.
const WORTH: usize = 256;

/// How many are to be at work for so many pieces.
pub(super) fn workers(pieces: usize) -> usize {
    let there = thread::available_parallelism().map_or(1, NonZero::get);
    if pieces < WORTH { 1 } else { there.min(WORKERS) }
}

/// Answers in the order of their questions.
#[derive(Debug)]
pub(super) struct Ahead<T> {
    /// Each worker's answers; of the questions' goes each has every so many-th.
    from: Vec<Receiver<Vec<T>>>,
    /// The goes that are still to come.
    left: usize,
    next: usize,
    ready: VecDeque<T>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to answer; gives the questions back where they are few, or there is nobody to answer them.
    pub(super) fn begin<Q: Send + 'static>(
        questions: VecDeque<Q>,
        answer: impl Fn(Q) -> Vec<T> + Clone + Send + 'static,
    ) -> Result<Self, VecDeque<Q>> {
        let workers = workers(questions.len());
        if workers < 2 {
            return Err(questions);
        }
        let goes = questions.len().div_ceil(CHUNK);
        let mut shares: Vec<VecDeque<Vec<Q>>> = (0..workers).map(|_| VecDeque::new()).collect();
        let mut questions = questions.into_iter();
        for go in 0..goes {
            if let Some(share) = shares.get_mut(go % workers) {
                share.push_back(questions.by_ref().take(CHUNK).collect());
            }
        }
        let from = shares.into_iter().map(|share| {
            let (tell, told) = sync_channel(AHEAD);
            let answer = answer.clone();
            // A worker ends when nobody wants to be told any more. One that cannot be started is seen as one that says nothing.
            let started = thread::Builder::new()
                .name("reading ahead".to_owned())
                .spawn(move || {
                    for go in share {
                        if tell.send(go.into_iter().flat_map(&answer).collect()).is_err() {
                            return;
                        }
                    }
                });
            drop(started);
            told
        });
        Ok(Self {
            from: from.collect(),
            left: goes,
            next: 0,
            ready: VecDeque::new(),
        })
    }
}

impl<T> Ahead<T> {
    /// The next answer; an error when a worker did not come to its end.
    pub(super) fn next(&mut self) -> Option<Result<T, ()>> {
        while self.ready.is_empty() && self.left > 0 {
            self.left -= 1;
            let from = self.from.get(self.next)?;
            self.next = (self.next + 1) % self.from.len();
            match from.recv() {
                Ok(answers) => self.ready = answers.into(),
                Err(_) => {
                    self.left = 0;
                    return Some(Err(()));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_their_questions_however_many_there_are() {
        for count in [0_usize, 1, 255, 256, 257, 1000, 4099] {
            let questions: VecDeque<usize> = (0..count).collect();
            // Some have several answers, some none.
            let answer = |q: usize| vec![q; q % 3];
            let wanted: Vec<usize> = (0..count).flat_map(answer).collect();
            match Ahead::begin(questions, answer) {
                Ok(mut ahead) => {
                    let mut got = Vec::new();
                    while let Some(one) = ahead.next() {
                        got.push(one.expect("a worker"));
                    }
                    assert_eq!(got, wanted);
                }
                Err(questions) => assert_eq!(questions.len(), count),
            }
        }
    }

    #[test]
    fn who_stops_asking_stops_the_workers_and_a_worker_that_dies_is_told() {
        let questions: VecDeque<usize> = (0..10_000).collect();
        if let Ok(mut ahead) = Ahead::begin(questions.clone(), |q| vec![q]) {
            assert_eq!(ahead.next(), Some(Ok(0)));
        }
        if let Ok(mut ahead) = Ahead::begin(questions, |q| {
            if q == 100 {
                panic!("as the test wants it")
            } else {
                vec![q]
            }
        }) {
            let got: Vec<_> = std::iter::from_fn(|| ahead.next()).collect();
            assert_eq!(got.iter().filter(|one| one.is_err()).count(), 1);
            assert_eq!(got.last(), Some(&Err(())));
        }
    }
}

//! Many node records in one go: written, made to last together, then put in place.
//!
//! A single record waits for the disk twice; a thousand would wait two thousand times. Each record is still old or new, never torn; which of
//! them are new when the machine dies half-way is not said, as with writing one after the other. Files are made and moved side by side on all
//! processors; new records are put in place one after the other, since they make directories.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;

use files::Dir;
use zeroize::Zeroizing;

use super::Database;
use super::ahead::workers;
use super::node::Spot;
use super::write::{Last, STAGING, clear, failed};
use crate::error::{Error, Result};
use crate::nodes::lock::Held;
use crate::nodes::{NodeId, Record};

/// As many are kept before they are written and put in place: some megabytes.
const CHUNK: usize = if cfg!(test) { 128 } else { 2048 };

/// Records that are written together. What was not [finished](Batch::finish) is not in place.
#[derive(Debug)]
#[must_use = "records are in place when it is finished"]
pub struct Batch<'a> {
    database: &'a Database,
    _held: &'a mut Held,
    root: Dir,
    staging: Dir,
    kept: Vec<Kept>,
    done: usize,
}

struct Kept {
    id: NodeId,
    text: Zeroizing<Vec<u8>>,
    place: Spotted,
}

enum Spotted {
    /// Where it is already.
    There(Spot),
    /// It is new; what it says of itself is asked for again.
    New(Record),
}

const TRIED: &str = "write node records";

impl Database {
    /// Begins to write many node records; nothing else is written until it is finished or dropped.
    ///
    /// # Errors
    /// The system refuses.
    pub fn batch<'a>(&'a self, held: &'a mut Held) -> Result<Batch<'a>> {
        let root = self.root_for(held, TRIED)?;
        let (staging, _) = root.make_child(STAGING).map_err(|e| failed(TRIED, &e))?;
        clear(&staging);
        Ok(Batch {
            database: self,
            _held: held,
            root,
            staging,
            kept: Vec::new(),
            done: 0,
        })
    }
}

impl Batch<'_> {
    /// As [`Database::put_node`].
    ///
    /// # Errors
    /// As [`Database::put_node`]; records before this one may be in place.
    pub fn put(&mut self, id: &NodeId, record: Record) -> Result<()> {
        let spot = self.database.may_put(&self.root, id, &record)?;
        self.kept.push(Kept {
            id: id.clone(),
            text: Zeroizing::new(record.bytes().to_vec()),
            place: spot.map_or_else(|| Spotted::New(record), Spotted::There),
        });
        if self.kept.len() == CHUNK {
            self.place()?;
        }
        Ok(())
    }

    /// Puts the rest in place; how many there were in all.
    ///
    /// # Errors
    /// The system refuses; records before that may be in place.
    pub fn finish(mut self) -> Result<usize> {
        self.place()?;
        Ok(self.done)
    }

    fn place(&mut self) -> Result<()> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let placed = self.stage().and_then(|()| self.move_all());
        clear(&self.staging);
        self.done += self.kept.len();
        self.kept.clear();
        placed
    }

    /// Writes them all, beside the tree, and makes them last.
    fn stage(&self) -> Result<()> {
        side_by_side(&self.kept, |at, kept| {
            let staged = self.staging.stage(at.to_string(), &kept.text);
            staged.map(drop).map_err(|e| failed(&tried(&kept.id), &e))
        })?;
        self.staging.sync_all().map_err(|e| failed(TRIED, &e))
    }

    fn move_all(&self) -> Result<()> {
        side_by_side(&self.kept, |at, kept| match &kept.place {
            Spotted::There(spot) => self.move_one(at, &kept.id, Some(spot)),
            Spotted::New(_) => Ok(()),
        })?;
        for (at, kept) in self.kept.iter().enumerate() {
            if let Spotted::New(record) = &kept.place {
                self.move_one(at, &kept.id, None)?;
                self.database
                    .settle_new(&self.root, &kept.id, record, Last::Later)?;
            }
        }
        self.root.sync_all().map_err(|e| failed(TRIED, &e))
    }

    fn move_one(&self, at: usize, id: &NodeId, spot: Option<&Spot>) -> Result<()> {
        let (dir, name) = self.database.home_of(&self.root, id, spot, Last::Later)?;
        let moved = self.staging.move_to(at.to_string(), &dir, &name);
        moved.map_err(|e| failed(&tried(id), &e))
    }
}

impl fmt::Debug for Kept {
    /// Which record: what is in it can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.id, f)
    }
}

fn tried(id: &NodeId) -> String {
    format!("write the record of {id}")
}

/// Does something with each on all processors; the first failure by order.
fn side_by_side<T: Sync>(all: &[T], each: impl Fn(usize, &T) -> Result<()> + Sync) -> Result<()> {
    let share = all.len().div_ceil(workers(all.len()));
    let first: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let work = |from: usize, part: &[T]| {
        for (at, one) in part.iter().enumerate() {
            if let Err(error) = each(from + at, one) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(other, _)| from + at < *other) {
                    *first = Some((from + at, error));
                }
                return;
            }
        }
    };
    thread::scope(|scope| {
        let mut parts = all.chunks(share.max(1)).enumerate();
        let mine = parts.next();
        for (number, part) in parts {
            let work = &work;
            scope.spawn(move || work(number * share, part));
        }
        if let Some((_, part)) = mine {
            work(0, part);
        }
    });
    let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    first.map_or(Ok(()), |(_, error)| Err(error))
}

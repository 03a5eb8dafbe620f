//! Many node records in one go: written, made to last together, then put in place.
//!
//! A single record waits for the disk twice; a thousand would wait two thousand times. Each record is still old or new, never torn; which of
//! them are new when the machine dies half-way is not said, as with writing one after the other.

use std::mem;

use files::Dir;

use super::Database;
use super::node::Spot;
use super::write::{Last, STAGING, clear, failed};
use crate::error::Result;
use crate::nodes::lock::Held;
use crate::nodes::{NodeId, Record};

/// As many are written before they are put in place: so much of ours stands beside the tree at most.
const CHUNK: usize = 1024;

/// Records that are written together. What was not [finished](Batch::finish) is not in place.
#[derive(Debug)]
#[must_use = "records are in place when it is finished"]
pub struct Batch<'a> {
    database: &'a Database,
    _held: &'a mut Held,
    root: Dir,
    staging: Dir,
    staged: Vec<Staged>,
    done: usize,
}

#[derive(Debug)]
struct Staged {
    id: NodeId,
    /// Where it is already.
    spot: Option<Spot>,
    /// For the link of a new one.
    record: Option<Record>,
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
            staged: Vec::new(),
            done: 0,
        })
    }
}

impl Batch<'_> {
    /// As [`Database::put_node`].
    ///
    /// # Errors
    /// As [`Database::put_node`]; records before this one may be in place.
    pub fn put(&mut self, id: &NodeId, record: &Record) -> Result<()> {
        let spot = self.database.may_put(&self.root, id, record)?;
        let name = self.staged.len().to_string();
        self.staging
            .stage(&name, record.bytes())
            .map_err(|e| failed(TRIED, &e))?;
        self.staged.push(Staged {
            id: id.clone(),
            record: spot.is_none().then(|| record.clone()),
            spot,
        });
        if self.staged.len() == CHUNK {
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
        if self.staged.is_empty() {
            return Ok(());
        }
        self.staging.sync_all().map_err(|e| failed(TRIED, &e))?;
        for (at, staged) in mem::take(&mut self.staged).into_iter().enumerate() {
            let Staged { id, spot, record } = staged;
            let tried = || format!("write the record of {id} ({} others are written)", self.done);
            let (dir, name) = self
                .database
                .home_of(&self.root, &id, spot.as_ref(), Last::Later)
                .map_err(|e| e.during(tried()))?;
            self.staging
                .move_to(at.to_string(), &dir, &name)
                .map_err(|e| failed(&tried(), &e))?;
            if let Some(record) = record {
                self.database
                    .settle_new(&self.root, &id, &record, Last::Later)
                    .map_err(|e| e.during(tried()))?;
            }
            self.done += 1;
        }
        self.root.sync_all().map_err(|e| failed(TRIED, &e))
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for at in 0..self.staged.len() {
            let _ = self.staging.remove(at.to_string());
        }
    }
}

//! `hbaemu serve` over a long time, in want of something, and in a directory that others know of.

mod cycles;
mod directory;
mod full;
mod listeners;
mod logs;
mod proc;
mod shortage;

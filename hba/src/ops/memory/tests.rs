//! Memories: what is asked of which chip, what needs a word, what is read back.

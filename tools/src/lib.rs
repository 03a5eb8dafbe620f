//! The command lines `hbactl` and `hbaemu`: arguments, commands, views.

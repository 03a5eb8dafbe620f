//! Registrations, reservations and what is kept of them.

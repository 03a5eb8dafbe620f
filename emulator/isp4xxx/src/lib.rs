//! The ISP4xxx adapter without I/O: chips, flash image, firmware.

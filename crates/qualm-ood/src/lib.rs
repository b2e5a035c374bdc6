//! Out-of-distribution detectors that are fitted in two passes, scored in one, and keep their promised false-alarm rate

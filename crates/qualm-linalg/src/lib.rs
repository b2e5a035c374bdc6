//! Matrix products, symmetric accumulation and eigenproblems over row-major rows

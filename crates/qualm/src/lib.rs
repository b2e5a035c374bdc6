//! Well-founded doubts for trained models: out-of-distribution detection, metrics and reports

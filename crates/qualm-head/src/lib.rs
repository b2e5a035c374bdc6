//! Last linear layers: learned from features and labels, and checked against the logits they should give.

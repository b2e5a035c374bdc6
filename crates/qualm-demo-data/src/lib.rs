//! Real features of an ImageNet classifier and five out-of-distribution sets, embedded for qualm's demo

#![cfg_attr(fuzzing, no_main)]

sexton_fuzz::target!(play);

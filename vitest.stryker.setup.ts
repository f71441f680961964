import fc from 'fast-check'

// A mutant's fate must not depend on luck: properties try the same values in every run.
fc.configureGlobal({ seed: 20261121 })

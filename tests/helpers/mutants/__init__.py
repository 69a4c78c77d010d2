"""For every requirement at least one plugin that breaks it: the honest plugin with one thing changed.

A mutant's name is the requirement that it breaks, and a word where there is more than one.
"""

from mutants import components, handlers, life, load, meta, networks, pkg, providers, speech, surroundings, withdrawal
from mutants.mutant import Mutant

MUTANTS: dict[str, Mutant] = {
    **load.MUTANTS,
    **meta.MUTANTS,
    **life.MUTANTS,
    **speech.MUTANTS,
    **surroundings.MUTANTS,
    **handlers.MUTANTS,
    **providers.MUTANTS,
    **networks.MUTANTS,
    **withdrawal.MUTANTS,
    **components.MUTANTS,
    **pkg.MUTANTS,
}

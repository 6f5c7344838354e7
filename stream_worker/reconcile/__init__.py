"""Pattern E itself: a level-triggered reconcile of one group's conversation rows.

`plan` is pure and decides; `loop` reads, commits and tries again; `memory` holds what one process may remember;
`ports` names the calls it needs. Every rule here has its reason in docs/algorithm.md.
"""

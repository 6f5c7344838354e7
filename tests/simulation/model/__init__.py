"""The model check: the production worker against clients that may do anything, every interleaving of them.

`replay` runs the unchanged `Handler` by record and replay, `world` is the table as far as one group and one member see
it, `steps` says what one worker can do next, `search` walks every state breadth first, `promise` says what must hold.
"""

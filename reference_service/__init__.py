"""The Now Playing ranking service: what stands under the player, and what plays next.

It is an ordinary backend that knows nothing of the harness that judges it: what it promises is written
down in `contracts/now_playing/`, as data.
"""

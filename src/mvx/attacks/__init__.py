"""Attacks: small vulnerable programs (sources/), their exploits, and what is known of each.

Every exploit succeeds natively. Under mvx the attacker takes the addresses that he needs from one
variant, as one who has a leak would. The numbers T1 to T13 are those of the attacks that
evaluations of multi-variant execution use (ReMon, Bunshin, N-Variant Systems, RIPE).
`mvx bench attacks` and tests/test_attacks.py run them.
"""

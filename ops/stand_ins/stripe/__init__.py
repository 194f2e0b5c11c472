"""A stand-in for Stripe: answers on its wire and moves no money (docs/stand-ins.md)."""

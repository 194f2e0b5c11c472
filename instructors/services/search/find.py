"""From a query to bookable times: one walk along an index, stopped at twenty."""

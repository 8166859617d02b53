"""The properties of digests, over many examples.

``python -m tests.fingerprints.campaign EXAMPLES SEED``
"""

from __future__ import annotations

import argparse

from hypothesis import seed, settings

from tests.fingerprints import test_frames, test_values

PROPERTIES = [
    *test_values.PROPERTIES,
    test_frames.test_equal_content_has_an_equal_digest_however_it_is_stored,
    test_frames.test_rows_put_together_again_have_the_digest_of_the_whole,
    test_frames.test_one_value_changed_changes_the_digest_of_its_column_alone,
    test_frames.test_dtypes_names_order_and_index_are_content,
]


def main() -> None:
    """Draw that many examples of each; the first that fails ends it, with what was drawn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, nargs="?", default=1000)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    options = parser.parse_args()
    for check in PROPERTIES:
        many = settings(max_examples=options.examples, deadline=None, database=None)
        seed(options.seed)(many(check))()  # type: ignore[no-untyped-call]
        print(f"{options.examples} examples: {check.__name__}", flush=True)


if __name__ == "__main__":
    main()

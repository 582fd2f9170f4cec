from .clusters import cluster_table, cluster_test
from .established import corrected_p
from .intervals import bootstrap_intervals
from .ranks import rank_agreement
from .runs import agreement_by_subject, run_agreement
from .subjects import subject_test

__all__ = [
    "agreement_by_subject",
    "bootstrap_intervals",
    "cluster_table",
    "cluster_test",
    "corrected_p",
    "rank_agreement",
    "run_agreement",
    "subject_test",
]

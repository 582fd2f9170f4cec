from .clusters import cluster_table, cluster_test
from .crossed import crossed_intervals
from .established import corrected_p
from .intervals import bootstrap_intervals
from .peaks import peak_latencies
from .ranks import rank_agreement
from .runs import agreement_by_subject, run_agreement
from .subjects import subject_test
from .trial_clusters import trial_cluster_test

__all__ = [
    "agreement_by_subject",
    "bootstrap_intervals",
    "cluster_table",
    "cluster_test",
    "corrected_p",
    "crossed_intervals",
    "peak_latencies",
    "rank_agreement",
    "run_agreement",
    "subject_test",
    "trial_cluster_test",
]

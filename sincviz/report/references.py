"""References that the methods paragraphs cite."""

REFERENCES = {
    "blankertz": "Blankertz, B., Tomioka, R., Lemm, S., Kawanabe, M., & Müller, K.-R. (2008). Optimizing spatial "
    "filters for robust EEG single-trial analysis. IEEE Signal Processing Magazine, 25(1), 41–56.",
    "borra": "Borra, D., Fantozzi, S., & Magosso, E. (2020). Interpretable and lightweight convolutional "
    "neural network for EEG decoding: Application to movement execution and imagination. Neural Networks, "
    "129, 55–74.",
    "ravanelli": "Ravanelli, M., & Bengio, Y. (2018). Speaker recognition from raw waveform with SincNet. "
    "IEEE Spoken Language Technology Workshop, 1021–1028.",
    "nikulin": "Nikulin, V. V., Nolte, G., & Curio, G. (2011). A novel method for reliable and fast extraction of "
    "neuronal EEG/MEG oscillations on the basis of spatio-spectral decomposition. NeuroImage, 55, 1528–1535.",
    "haufe": "Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in "
    "multivariate neuroimaging. NeuroImage, 87, 96–110.",
    "petrosyan": "Petrosyan, A., Sinkin, M., Lebedev, M., & Ossadtchi, A. (2021). Decoding and interpreting "
    "cortical signals with a compact convolutional neural network. Journal of Neural Engineering, 18, "
    "026019.",
    "sundararajan": "Sundararajan, M., Taly, A., & Yan, Q. (2017). Axiomatic attribution for deep networks. "
    "ICML, 3319–3328.",
    "adebayo": "Adebayo, J., et al. (2018). Sanity checks for saliency maps. NeurIPS, 31.",
    "samek": "Samek, W., Binder, A., Montavon, G., Lapuschkin, S., & Müller, K.-R. (2017). Evaluating the "
    "visualization of what a deep neural network has learned. IEEE Transactions on Neural Networks and "
    "Learning Systems, 28, 2660–2673.",
    "hesterberg": "Hesterberg, T. C. (2015). What teachers should know about the bootstrap. The American "
    "Statistician, 69, 371–386.",
    "gramfort": "Gramfort, A., et al. (2013). MEG and EEG data analysis with MNE-Python. Frontiers in "
    "Neuroscience, 7, 267.",
    "maris": "Maris, E., & Oostenveld, R. (2007). Nonparametric statistical testing of EEG- and MEG-data. Journal of "
    "Neuroscience Methods, 164, 177–190.",
    "sassenhagen": "Sassenhagen, J., & Draschkow, D. (2019). Cluster-based permutation tests of MEG/EEG data do not "
    "establish significance of effect latency or location. Psychophysiology, 56, e13335.",
    "hennig": "Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data "
    "Analysis, 52, 258–271.",
    "benjamini": "Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate: a practical and powerful "
    "approach to multiple testing. Journal of the Royal Statistical Society B, 57, 289–300.",
    "hedges": "Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators. "
    "Journal of Educational Statistics, 6, 107–128.",
    "kuhn": "Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics "
    "Quarterly, 2, 83–97.",
}

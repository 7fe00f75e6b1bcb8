# Polychoric correlations, one factor, omega and alpha on simulated answers.
# R 4.2.2, polycor 0.8-1, psych 2.2.9, lavaan 0.6-14, mvtnorm 1.1-3. Run in this folder.
suppressMessages({library(psych); library(polycor); library(lavaan)})
options(digits = 15)
set.seed(8)
sets <- list(  # name = list(n, loadings, thresholds, missing)
  handling = list(400, c(0.9, 0.7, 0.6), c(-2, -1.2, -0.4, 0.6), 0),
  courtesy = list(1500, c(0.85, 0.8, 0.75, 0.5), c(-2.2, -1.6, -0.9, 0.1), 0.1),
  grades = list(300, c(0.95, 0.9, 0.85, 0.4, 0.6, 0.3), qnorm(1:9 / 10) - 0.5, 0)
)
answers <- correlations <- covariances <- numbers <- NULL
for (name in names(sets)) {
  n <- sets[[name]][[1]]; l <- sets[[name]][[2]]; k <- length(l)
  z <- outer(rnorm(n), l) + matrix(rnorm(n * k), n) * rep(sqrt(1 - l^2), each = n)
  x <- apply(z, 2, function(column) findInterval(column, sets[[name]][[3]]) + 1)
  x[matrix(runif(n * k) < sets[[name]][[4]], n)] <- NA
  colnames(x) <- paste0("x", 1:k)
  answers <- rbind(answers, data.frame(set = name, respondent = 1:n, x[, 1:3],
    x4 = if (k > 3) x[, 4] else NA, x5 = if (k > 4) x[, 5] else NA, x6 = if (k > 5) x[, 6] else NA))
  R <- diag(k)
  for (i in 2:k) for (j in 1:(i - 1)) {
    counts <- table(x[, i], x[, j])
    lost <- function(r) -sum(counts * log(pmax(cells(counts, r), 1e-300)))
    cells <- function(t, r) {  # probabilities between the thresholds of the margins
      a <- c(-Inf, qnorm(cumsum(rowSums(t))[-nrow(t)] / sum(t)), Inf)
      b <- c(-Inf, qnorm(cumsum(colSums(t))[-ncol(t)] / sum(t)), Inf)
      p <- outer(a, b, Vectorize(function(u, v) mvtnorm::pmvnorm(upper = c(u, v), corr = matrix(c(1, r, r, 1), 2))[1]))
      t(diff(t(diff(p))))
    }
    R[i, j] <- R[j, i] <- optimize(lost, c(-0.999, 0.999), tol = 1e-10)$minimum
    correlations <- rbind(correlations, data.frame(set = name, first = j, second = i, own = R[i, j],
      polycor = polychor(counts), lavaan = if (anyNA(x)) NA else lavCor(as.data.frame(x[, c(j, i)]), ordered = c(colnames(x)[c(j, i)]))[1, 2]))
  }
  f <- fa(R, 1, fm = "minres", n.obs = n, min.err = 1e-12)
  whole <- x[complete.cases(x), ]
  a <- psych::alpha(as.data.frame(whole))
  jack <- sapply(seq_len(nrow(whole)), function(i) { s <- cov(whole[-i, ]); k / (k - 1) * (1 - sum(diag(s)) / sum(s)) })
  m <- nrow(whole)
  number <- function(what, value) data.frame(set = name, what = what, value = value)
  numbers <- rbind(numbers, number("alpha", a$total$raw_alpha), number("jackknife_se", sqrt((m - 1) / m * sum((jack - mean(jack))^2))),
    number("complete", m), number("omega", sum(f$loadings)^2 / (sum(f$loadings)^2 + sum(1 - f$loadings^2))),
    do.call(rbind, lapply(1:k, function(i) number(paste0("loading", i), f$loadings[i]))))
  if (!anyNA(x)) {
    l <- paste0("l", 1:k); total <- paste(l, collapse = " + ")
    model <- paste("f =~", paste(l, "*", colnames(x), collapse = " + "), "\nomega := (", total, ")^2 / ((", total, ")^2 +", paste0("1 - ", l, "^2", collapse = " + "), ")")
    fit <- cfa(model, as.data.frame(x), ordered = colnames(x), std.lv = TRUE, estimator = "ULSMV")
    found <- parameterEstimates(fit)[parameterEstimates(fit)$op == ":=", ]
    numbers <- rbind(numbers, number("lavaan_omega", found$est), number("lavaan_omega_se", found$se))
    gamma <- lavInspect(fit, "gamma"); pairs <- grep("~~", colnames(gamma), value = TRUE)
    covariances <- rbind(covariances, data.frame(set = name, expand.grid(second = pairs, first = pairs), value = c(gamma[pairs, pairs])))
  }
}
out <- function(d, file) write.csv(format(d, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
write.csv(answers, "reliability_answers.csv", row.names = FALSE, quote = FALSE)
out(correlations, "reliability_correlations.csv")
out(numbers, "reliability.csv")
out(covariances, "reliability_covariances.csv")

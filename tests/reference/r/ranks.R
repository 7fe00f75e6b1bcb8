# Expected range, contrasts to the mean of all, from given means and covariances.
# R 4.2.2, metafor 3.8-1, multcomp 1.4-22, mvtnorm 1.1-3. Run in this folder.
suppressMessages({library(metafor); library(multcomp)})
options(digits = 15)
set.seed(4)
sets <- list(  # name = list(units, spread, correlated)
  boards = list(21, 3, TRUE), equal = list(21, 0, FALSE), few = list(5, 1.2, TRUE),
  many = list(100, 1.5, FALSE)
)
units <- covariances <- numbers <- NULL
for (name in names(sets)) {
  I <- sets[[name]][[1]]
  se <- round(exp(rnorm(I, 0.2, 0.4)), 3)
  V <- diag(se^2)
  if (sets[[name]][[3]]) {  # common and pairwise shared errors, as a model's
    A <- matrix(round(rnorm(I * 3, 0.3, 0.4), 3), I)
    V <- V + A %*% t(A)
  }
  y <- round(70 + rnorm(I, 0, sets[[name]][[2]]) + c(t(chol(V)) %*% rnorm(I)), 3)
  s <- sqrt(diag(V))
  m <- rma(y, sei = s, method = "REML", control = list(threshold = 1e-13, maxiter = 1000))
  dimnames(V) <- list(1:I, 1:I)
  critical <- function(K) {
    g <- glht(parm(y, V), linfct = K)
    attr(confint(g, calpha = adjusted_calpha(abseps = 5e-4, maxpts = 1e5))$confint, "calpha")
  }
  number <- function(what, value) data.frame(set = name, what = what, value = value)
  numbers <- rbind(numbers, number("tau2", m$tau2), number("target", c(m$b)))
  if (I < 30) numbers <- rbind(numbers, number("mean", critical(diag(I) - 1 / I)))
  units <- rbind(units, data.frame(set = name, unit = 1:I, estimate = y, se = s))
  covariances <- rbind(covariances, data.frame(
    set = name, first = rep(1:I, I), second = rep(1:I, each = I), covariance = c(V)
  ))
}
covariances <- covariances[covariances$covariance != 0, ]
out <- function(d, file) write.csv(format(d, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
out(units, "ranks_units.csv")
out(covariances, "ranks_covariances.csv")
write.csv(numbers, "ranks.csv", row.names = FALSE, quote = FALSE)

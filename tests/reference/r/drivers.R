# LMG shares by brute force: lm() on every subset, averaged over every order of entry, of scores
# centred at the weighted mean of their group. relaimpo's "lmg" is this mean; it is not needed.
# Run in this folder: Rscript drivers.R
set.seed(20170602)
n <- 600
d <- data.frame(group = sample(c("A", "B", "C"), n, TRUE, c(.5, .3, .2)))
shared <- rnorm(n) + c(A = 0, B = .8, C = -.6)[d$group]
for (j in 1:5) d[[paste0("t", j)]] <- round(60 + 12 * (c(.9, .7, .5, .3, .6)[j] * shared + rnorm(n)), 3)
d$y <- round(20 + .35 * d$t1 + .2 * d$t2 + .1 * d$t3 + .05 * d$t4 + rnorm(n, 0, 6), 3)
d$weight <- round(exp(rnorm(n, 0, .5)), 4)
write.csv(d, "drivers_input.csv", row.names = FALSE)

themes <- paste0("t", 1:5)
permutations <- function(v) {
  if (length(v) < 2) return(list(v))
  do.call(c, lapply(seq_along(v), function(i) lapply(permutations(v[-i]), function(p) c(v[i], p))))
}
lmg <- function(d, weight) {
  for (v in c(themes, "y")) {
    top <- tapply(weight * d[[v]], d$group, sum)
    d[[v]] <- d[[v]] - (top / tapply(weight, d$group, sum))[d$group]
  }
  d$weight <- weight
  known <- new.env()
  r2 <- function(s) {
    if (!length(s)) return(0)
    key <- paste(sort(s), collapse = "+")
    if (is.null(known[[key]])) {
      fit <- lm(reformulate(s, "y", intercept = FALSE), d, weights = weight)
      known[[key]] <- 1 - sum(weight * resid(fit)^2) / sum(weight * d$y^2)
    }
    known[[key]]
  }
  each <- sapply(permutations(themes), function(p) {
    steps <- diff(c(0, sapply(seq_along(p), function(k) r2(p[1:k]))))
    steps[match(themes, p)]
  })
  setNames(rowMeans(each), themes)
}
found <- rbind(
  data.frame(weights = "none", theme = themes, part = lmg(d, rep(1, n))),
  data.frame(weights = "given", theme = themes, part = lmg(d, d$weight))
)
found$part <- sprintf("%.15g", found$part)
write.csv(found, "drivers.csv", row.names = FALSE, quote = FALSE)

# R's side of bench/mixed.py: Rscript bench/mixed.R FOLDER
# Reads five_N.csv (cells) and rows_N.csv of FOLDER for each N there; writes peers.csv beside
# them: task, n, seconds, loglike, sds. One run of each: they take minutes.
suppressMessages({library(lme4); library(ordinal)})
folder <- commandArgs(trailingOnly = TRUE)[1]
out <- NULL
note <- function(task, n, call) {
  gc(FALSE)
  used <- function() sum(proc.time()[c("user.self", "sys.self")])
  t0 <- used()
  fit <- call()
  seconds <- used() - t0
  sds <- if (inherits(fit, "clmm")) sqrt(unlist(lapply(VarCorr(fit), as.numeric))) else {
    v <- as.data.frame(VarCorr(fit)); setNames(v$sdcor, v$grp) }
  out <<- rbind(out, data.frame(task = task, n = n, seconds = seconds, term = names(sds), sd = sds,
    loglike = as.numeric(logLik(fit))))
  write.csv(out, file.path(folder, "peers.csv"), row.names = FALSE)
}
keys <- c("agency", "year", "activity", "group")
random <- "~ group + (1 | agency) + (1 | year) + (1 | ay) + (1 | activity)"
from <- function(file) {
  d <- read.csv(file.path(folder, file))
  for (v in intersect(keys, names(d))) d[[v]] <- factor(d[[v]])
  if ("year" %in% names(d)) d$ay <- factor(paste(d$agency, d$year, sep = ":"))
  d
}
for (file in list.files(folder, "^five_")) {
  n <- as.integer(gsub("\\D", "", file))
  five <- from(file)
  five$answer <- factor(five$response, ordered = TRUE)
  note("ordinal, cells", n, function()
    clmm(as.formula(paste("answer", random)), data = five, weights = n))
  five$top <- ifelse(five$response >= 4, five$n, 0)
  both <- aggregate(cbind(top, n) ~ agency + year + ay + activity + group, five, sum)
  note("binary, cells", n, function()
    glmer(as.formula(paste("cbind(top, n - top)", random)), data = both, family = binomial))
  rows <- from(sub("five", "rows", file))
  note("linear, rows", n, function() lmer(as.formula(paste("score", random)), data = rows))
}
data(InstEval)
write.csv(InstEval, file.path(folder, "insteval.csv"), row.names = FALSE)
note("linear, InstEval", nrow(InstEval), function()
  lmer(y ~ service + (1 | s) + (1 | d) + (1 | dept:service), InstEval))

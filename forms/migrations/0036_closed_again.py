"""Cases that are closed to a person again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake_forms', '0035_kept_tables'),
    ]

    operations = [
        migrations.AlterField(
            model_name='caseevent',
            name='kind',
            field=models.CharField(choices=[('accepted', 'received'), ('taken', 'taken to work'), ('released', 'given back to the queue'), ('sorting', 'taken to be sorted'), ('sorted', 'sorted'), ('assigned', 'handed to a colleague'), ('routed', 'moved to another queue'), ('asked', 'the family was asked'), ('answered', 'a message to the family'), ('family_wrote', 'the family wrote'), ('resumed', 'work goes on'), ('family_silent', 'the family has not answered in time'), ('decided', 'decided'), ('closed', 'closed'), ('set_aside', 'set aside'), ('reopened', 'opened again'), ('merged', 'joined to another case of the family'), ('joined', 'another case of the family was joined'), ('referred', 'handed to a partner'), ('referral_accepted', 'the partner has accepted'), ('referral_declined', 'the partner has declined'), ('referral_answered', 'the partner has answered'), ('referral_silent', 'the partner has not answered in time'), ('referral_recalled', 'taken back from the partner'), ('booked', 'an appointment was made'), ('booking_moved', 'an appointment was moved'), ('booking_cancelled', 'an appointment was cancelled'), ('visited', 'the family came'), ('missed', 'the family did not come'), ('diagnosed', 'primary diagnosis'), ('urgent_help', 'urgent help was given'), ('amended', 'an answer was corrected'), ('facts_heard', 'more was learned of the family'), ('granted', 'opened to a person'), ('grant_ended', 'closed to a person again'), ('rated', 'the family has rated the help'), ('noted', 'note added'), ('talked', 'talk with the family'), ('papers_brought', 'papers of the family were added by the staff'), ('registered', 'register filled in'), ('paper_added', 'the family added papers'), ('taken_back', 'the family took the request back'), ('reissued', 'a new secret code was given out'), ('erased', 'personal data erased'), ('held', 'kept by a legal hold'), ('freed', 'legal hold lifted'), ('consented', 'the family has consented'), ('withdrawn', 'consent withdrawn'), ('exported', 'given out to the person'), ('recontacted', 'the family changed how to reach it'), ('infected', 'a file with a virus was destroyed')], max_length=20, verbose_name='what happened'),
        ),
    ]
